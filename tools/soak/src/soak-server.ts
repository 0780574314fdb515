import { openRealCluster } from "@kinglet-tools/real-cluster";
import type { ClusterAccess } from "@kinglet/kube-client";
import { openKubeSim } from "@kinglet/kube-sim";
import { openLoopbackProxy, type LoopbackProxy } from "@kinglet/testing/loopback-proxy";

/** An API server behind a proxy, with what can be done to it. */
export interface SoakServer extends AsyncDisposable {
  readonly name: string;
  /** Past the proxy, for those who check. */
  readonly direct: ClusterAccess;
  /** Through the proxy. */
  readonly access: ClusterAccess;
  readonly proxy: LoopbackProxy;
  /** Ends as a process does that is killed, and comes back without its watch history. */
  restart(): Promise<void>;
  /** Forgets old versions. */
  compact(): Promise<void>;
  /** The process stands still with its connections open; undefined where there is no process. */
  pause?: (() => void) | undefined;
  resume?: (() => void) | undefined;
}

export async function openSoakServer(isReal: boolean, random: () => number): Promise<SoakServer> {
  return isReal ? openReal() : openSim(random);
}

async function openSim(random: () => number): Promise<SoakServer> {
  await using stack = new AsyncDisposableStack();
  // Versions beyond what a JavaScript number holds, from the first to the last.
  const sim = stack.use(
    await openKubeSim({ firstResourceVersion: "90071992547409930000", bookmarkIntervalMs: 2000, random }),
  );
  const proxy = stack.use(await openLoopbackProxy(sim.server));
  const owned = stack.move();
  const direct: ClusterAccess = { server: sim.server, caPem: sim.caPem, token: sim.token, origin: "soak" };
  return {
    name: "kube-sim",
    direct,
    access: { ...direct, server: proxy.server },
    proxy,
    restart: async () => {
      await sim.restart();
      sim.compact();
    },
    compact: async () => sim.compact(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openReal(): Promise<SoakServer> {
  await using stack = new AsyncDisposableStack();
  const cluster = await openRealCluster({
    apiServerFlags: ["--goaway-chance=0.01", "--etcd-compaction-interval=20s", "--min-request-timeout=60"],
  });
  stack.defer(() => cluster.stop());
  const proxy = stack.use(await openLoopbackProxy(cluster.server));
  const owned = stack.move();
  const direct: ClusterAccess = {
    server: cluster.server,
    caPem: cluster.caPem,
    token: cluster.tokens.admin,
    origin: "soak",
  };
  return {
    name: "kube-apiserver",
    direct,
    access: { ...direct, server: proxy.server },
    proxy,
    restart: () => cluster.restartApiServer({ kill: true }),
    compact: () => cluster.compactEtcd(),
    pause: () => cluster.pauseApiServer(),
    resume: () => cluster.resumeApiServer(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
