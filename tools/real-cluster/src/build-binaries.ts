import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setInterval } from "node:timers/promises";
import { cacheFolder, goModuleFolder, type Environment } from "./cache-folder.ts";
import { RealClusterError } from "./errors.ts";
import { findInFolder } from "./find-binaries.ts";
import { goBuild } from "./go-build.ts";
import { checkGo } from "./go-version.ts";
import { linkerFlags, parseModuleVersions } from "./module-versions.ts";
import { PROGRAMS, type RealClusterBinaries } from "./real-cluster-binaries.ts";

const PACKAGES: Readonly<Record<(typeof PROGRAMS)[number], string>> = {
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
};

/** Long enough not to flood a log, short enough to show that a five minute build is alive. */
const PROGRESS_EVERY_MS = 15_000;

/** @public */
export interface BuildOptions {
  /** Receives one line at a time, without a line end. */
  readonly onProgress?: (line: string) => void;
  /** Ends the running `go build`; nothing half built stays in the cache. */
  readonly signal?: AbortSignal;
}

/**
 * Builds etcd, kube-apiserver and kube-controller-manager from their Go modules into the cache, unless they are there.
 *
 * The folder appears in the cache complete or not at all (built beside it, then renamed), so that two builds at once and a
 * build that is killed do no harm. A second call only looks. The first takes minutes and about 4 GB of Go's own caches.
 *
 * @throws RealClusterError `…_GO_MISSING`, `…_GO_TOO_OLD`, `…_BUILD_FAILED`, `…_ABORTED`.
 * @public
 */
export async function buildRealClusterBinaries(
  env: Environment,
  options: BuildOptions = {},
): Promise<RealClusterBinaries> {
  const target = cacheFolder(env);
  const report = options.onProgress ?? ((): void => {});
  const present = findInFolder(target, true);
  if (present !== undefined) {
    report(`already built: ${target}`);
    return present;
  }
  await checkGo(env);
  const versions = parseModuleVersions(await readFile(join(goModuleFolder(), "go.mod"), "utf8"));
  report(`building etcd ${versions.etcd} and Kubernetes ${versions.kubernetes} into ${target}`);
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.building-${process.pid}`;
  try {
    const startedMs = Date.now();
    for (const [index, program] of PROGRAMS.entries()) {
      report(`[${index + 1}/${PROGRAMS.length}] ${program}: building`);
      const tick = progressTicker(program, report);
      try {
        await goBuild(env, {
          output: join(draft, program),
          packagePath: PACKAGES[program],
          flags: linkerFlags(versions),
          signal: options.signal,
        });
      } finally {
        tick.abort();
      }
      const { size } = await stat(join(draft, program));
      report(
        `[${index + 1}/${PROGRAMS.length}] ${program}: built, ${(size / 1e6).toFixed(0)} MB, ${elapsed(startedMs)} s since the start`,
      );
    }
    await publish(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const built = findInFolder(target, true);
  if (built === undefined)
    throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_BUILD_FAILED", `the build left nothing usable in ${target}`);
  return built;
}

/** Renames the finished draft into place; another build that was faster has made the same thing, so its folder stays. */
async function publish(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (cause) {
    if (findInFolder(target, true) !== undefined) return;
    // An incomplete folder of the same name can only be what somebody deleted parts of.
    await rm(target, { recursive: true, force: true });
    try {
      await rename(draft, target);
    } catch {
      throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_BUILD_FAILED", `cannot move the build to ${target}`, {
        cause,
      });
    }
  }
}

function progressTicker(program: string, report: (line: string) => void): AbortController {
  const stop = new AbortController();
  const startedMs = Date.now();
  const tick = async (): Promise<void> => {
    try {
      for await (const _ of setInterval(PROGRESS_EVERY_MS, undefined, { signal: stop.signal, ref: false })) {
        report(`      ${program}: still building, ${elapsed(startedMs)} s`);
      }
    } catch {
      // Aborted: the build of this program is over.
    }
  };
  void tick();
  return stop;
}

function elapsed(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(0);
}
