import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder, goModuleFolder, type Environment } from "./cache-folder.ts";
import { goBuild } from "./go-build.ts";
import { checkGo } from "./go-version.ts";

/**
 * Builds client-go's informer as a program, the peer of benchmarks: `informer-peer KUBECONFIG [strip]` prints how long the first synchronisation of all
 * pods took and what it keeps. Cached beside the programs of the API server; a second call only looks.
 *
 * @returns the path of the program.
 * @throws RealClusterError `…_GO_MISSING`, `…_GO_TOO_OLD`, `…_BUILD_FAILED`.
 * @public
 */
export async function buildInformerPeer(env: Environment): Promise<string> {
  const source = await readFile(join(goModuleFolder(), "informer-peer/main.go"));
  const hash = createHash("sha256").update(source).digest("hex").slice(0, 16);
  const target = join(dirname(cacheFolder(env)), `informer-peer-${hash}`);
  try {
    await stat(target);
    return target;
  } catch {
    await checkGo(env);
  }
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.building-${process.pid}`;
  await goBuild(env, { output: draft, packagePath: "./informer-peer", flags: "-s -w" });
  await rename(draft, target);
  return target;
}
