import { openDirectoryProfileStore } from "@kinglet/storage-client";
import { installCrds, openSimCluster, openTempDir } from "@kinglet/testing";
import { describeSeveralLearners } from "./describe-several-learners.ts";
import { openClusterStore } from "./open-cluster-store.ts";

const { signal } = new AbortController();

describeSeveralLearners("a directory", async () => {
  const folder = await openTempDir();
  const store = await openDirectoryProfileStore({ path: folder.path });
  return {
    namespace: "shop",
    store: () => store,
    get: (name) => store.getContainerProfile("shop", name, { signal }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

describeSeveralLearners("the API simulator", async () => {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await openSimCluster());
  await installCrds(cluster);
  const shared = await openClusterStore(cluster, "shop");
  stack.use(shared);
  const owned = stack.move();
  return { ...shared, [Symbol.asyncDispose]: () => owned.disposeAsync() };
});
