import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { bundle, distFolder } from "./bundle.ts";
import { makeExecutable } from "./executable.ts";

/** `pnpm build` of the program: the bundle, then — on Linux with the pinned Node — the single executable. */
await mkdir(distFolder, { recursive: true });
const script = join(distFolder, "kinglet.cjs");
await bundle(distFolder);
process.stdout.write(`bundle      ${script} ${((await stat(script)).size / 1024).toFixed(0)} KB\n`);

const major = Number(process.versions.node.split(".")[0]);
if (process.platform !== "linux" || major < 26) {
  process.stdout.write(
    `executable  not made: needs Linux and Node 26, this is ${process.platform} with Node ${process.versions.node}\n`,
  );
} else {
  const output = join(distFolder, "kinglet");
  const { isStripped } = await makeExecutable(script, output);
  const megabytes = ((await stat(output)).size / 1048576).toFixed(0);
  process.stdout.write(`executable  ${output} ${megabytes} MB${isStripped ? "" : " (not stripped: no strip)"}\n`);
}
