/** Writes two contents of one profile in turn into the store at argv[2], one line per write, until it is killed. */
import { parseContainerProfile } from "@kinglet/profile";

import { openDirectoryProfileStore } from "../src/index.ts";

const { signal } = new AbortController();
const store = await openDirectoryProfileStore({ path: process.argv[2] ?? "" });
let resourceVersion = (await store.getContainerProfile("shop", "web", { signal }))?.metadata.resourceVersion;
for (let round = 0; ; round += 1) {
  // Large enough for the kernel to write it in several parts.
  const opens = Array.from({ length: 2_000 }, (_, index) => ({
    path: `/${round % 2 === 0 ? "even" : "odd"}/${index}`,
  }));
  const profile = parseContainerProfile({
    metadata: { name: "web", namespace: "shop", resourceVersion },
    spec: { opens },
  });
  ({ resourceVersion } = (await store.put(profile, { signal })).metadata);
  process.stdout.write(`${resourceVersion}\n`);
}
