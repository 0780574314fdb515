import { spawn } from "node:child_process";
import { once } from "node:events";
import { goModuleFolder, type Environment } from "./cache-folder.ts";
import { RealClusterError } from "./errors.ts";

/** What to build. @internal */
export interface GoBuild {
  readonly output: string;
  readonly packagePath: string;
  readonly flags: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds one program of the Go module.
 *
 * @throws RealClusterError `…_BUILD_FAILED`, `…_ABORTED`.
 * @internal
 */
export async function goBuild(env: Environment, build: GoBuild): Promise<void> {
  const args = ["build", "-trimpath", "-ldflags", build.flags, "-o", build.output, build.packagePath];
  const child = spawn("go", args, {
    cwd: goModuleFolder(),
    // GOTOOLCHAIN=local: no toolchain is downloaded. GOWORK=off: a go.work above the checkout must not take part.
    env: { ...env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOWORK: "off" },
    stdio: ["ignore", "ignore", "pipe"],
    ...(build.signal === undefined ? {} : { signal: build.signal }),
  });
  let tail = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    tail = (tail + text).slice(-4_000);
  });
  let code: unknown;
  try {
    [code] = await once(child, "close");
  } catch (cause) {
    const aborted = build.signal?.aborted === true;
    throw new RealClusterError(
      aborted ? "KINGLET_ERR_REAL_CLUSTER_ABORTED" : "KINGLET_ERR_REAL_CLUSTER_BUILD_FAILED",
      aborted ? `the build of ${build.packagePath} was cancelled` : `cannot run go build ${build.packagePath}`,
      { cause },
    );
  }
  if (code !== 0) {
    throw new RealClusterError(
      "KINGLET_ERR_REAL_CLUSTER_BUILD_FAILED",
      `go build ${build.packagePath} failed (exit code ${String(code)}):\n${tail.trimEnd()}`,
    );
  }
}
