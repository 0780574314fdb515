import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { type Environment } from "./cache-folder.ts";
import { RealClusterError } from "./errors.ts";

/** What Kubernetes v1.36 needs. */
const NEEDED: readonly [major: number, minor: number] = [1, 26];

/** Whether `go env GOVERSION` names a toolchain that can build the programs; development builds pass. @internal */
export function isGoRecentEnough(goVersion: string): boolean {
  const match = /^go(\d+)\.(\d+)/u.exec(goVersion.trim());
  if (match === null) return goVersion.startsWith("devel");
  const major = Number(match[1]);
  return major > NEEDED[0] || (major === NEEDED[0] && Number(match[2]) >= NEEDED[1]);
}

/**
 * Makes sure that `go` on the PATH can build the programs.
 *
 * @throws RealClusterError `…_GO_MISSING` or `…_GO_TOO_OLD`, both saying what is needed.
 * @internal
 */
export async function checkGo(env: Environment): Promise<string> {
  let version: string;
  try {
    // Outside the module: an old toolchain that reads this go.mod complains about the file instead of saying its version.
    const run = await promisify(execFile)("go", ["env", "GOVERSION"], {
      cwd: tmpdir(),
      env: { ...env, GOTOOLCHAIN: "local" },
    });
    version = run.stdout.trim();
  } catch (cause) {
    const message = `building the API server needs Go ${NEEDED.join(".")} or newer on the PATH, and \`go env GOVERSION\` did not run`;
    throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_GO_MISSING", message, { cause });
  }
  if (!isGoRecentEnough(version)) {
    const message = `building the API server needs Go ${NEEDED.join(".")} or newer, and the one on the PATH is ${version}`;
    throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_GO_TOO_OLD", message);
  }
  return version;
}
