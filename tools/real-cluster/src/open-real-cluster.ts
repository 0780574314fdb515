import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RealClusterError } from "./errors.ts";
import { findRealClusterBinaries } from "./find-binaries.ts";
import { findFreePorts } from "./free-ports.ts";
import { type RealClusterBinaries } from "./real-cluster-binaries.ts";
import { type RealCluster, type RealClusterOptions } from "./real-cluster.ts";
import { RunningCluster } from "./running-cluster.ts";
import { type ClusterLayout } from "./server-flags.ts";
import { Watchdog } from "./watchdog.ts";

const PORT_ATTEMPTS = 3;

/**
 * Starts a real API server for one suite: etcd, then the API server, then the controllers, each on a free loopback port, in a
 * temporary folder; resolves when pods can be created.
 *
 * Guarantees: clusters are independent of each other; everything is ended by process id, in reverse order, by `stop`; and also
 * when this process dies in whatever way. Ready after about 4 s on two idle cores, 400 MB resident; suites that are bound
 * by the processor should start one at a time.
 *
 * @throws RealClusterError `…_BINARIES_MISSING`, `…_START_FAILED` (with the end of the log), `…_ABORTED`.
 * @public
 */
export async function openRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  const binaries = options.binaries ?? binariesOfProcess();
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(binaries, options);
    } catch (error) {
      // Between choosing a port and binding it somebody else was faster.
      const isPortTaken = error instanceof RealClusterError && error.message.includes("address already in use");
      if (!isPortTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function openOnce(binaries: RealClusterBinaries, options: RealClusterOptions): Promise<RealCluster> {
  const folder = await mkdtemp(join(tmpdir(), "kinglet-real-cluster-"));
  const watchdog = Watchdog.open(folder);
  const logDir = options.logDir ?? join(folder, "logs");
  try {
    await mkdir(logDir, { recursive: true });
    const [etcdClient, etcdPeer, apiServer, controllers] = (await findFreePorts(4)) as [number, number, number, number];
    const hasControllers = binaries.kubeControllerManager !== undefined;
    const layout: ClusterLayout = { folder, hasControllers, ports: { etcdClient, etcdPeer, apiServer, controllers } };
    return await RunningCluster.start({ binaries, layout, logDir, watchdog, options });
  } catch (error) {
    await watchdog[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function binariesOfProcess(): RealClusterBinaries {
  // The one default that reads the process environment: fixtures pass `binaries` where they decide themselves.
  const binaries = findRealClusterBinaries(process.env);
  if (binaries === undefined) {
    const message =
      "no programs of an API server: run `pnpm real-cluster build`, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver";
    throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_BINARIES_MISSING", message);
  }
  return binaries;
}
