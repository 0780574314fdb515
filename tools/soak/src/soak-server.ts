import { openRealCluster } from "@kinglet-tools/real-cluster";
import type { ClusterAccess, TlsCredentials, TlsSource } from "@kinglet/kube-client";
import { openKubeSim } from "@kinglet/kube-sim";
import { openLoopbackProxy, type LoopbackProxy } from "@kinglet/testing/loopback-proxy";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { NameService } from "./name-service.ts";

/** By this name the servers' certificates know them, and pods their API server. */
const HOST = "kubernetes.default.svc";
const FIRST_ADDRESS = "127.0.0.1";
const OTHER_ADDRESS = "127.0.0.2";

/** An API server behind a proxy, with what can be done to it. */
export interface SoakServer extends AsyncDisposable {
  readonly name: "kube-sim" | "kube-apiserver";
  /** Past the proxy, for those who check; knows each authority at once. */
  readonly direct: ClusterAccess;
  /** Through the proxy, by name. */
  readonly url: string;
  readonly proxy: LoopbackProxy;
  /** PEM of the authority to begin with. */
  readonly authority: string;
  /** Ends as a process does that is killed, and comes back without its watch history. */
  restart(): Promise<void>;
  /** Forgets old versions. */
  compact(): Promise<void>;
  /** Restarts with a certificate of another authority. @returns its PEM. */
  swapAuthority(): Promise<string>;
  /**
   * The name of `url` leads to another address; whoever comes to, or stays at, the one before finds silence.
   *
   * @returns what undoes it; rejects when nobody has come to the new address.
   */
  moveAddress(): Promise<() => Promise<void>>;
  /** One request in fifty is asked to leave its connection, until what is returned is called. */
  startGoAways(): () => void;
  /** Sends every write of a body as a gzip member to clients that read gzip; undefined where the server cannot. */
  startGzipMembers?: () => () => void;
  /** The process stands still with its connections open; undefined where there is no process. */
  pause?: () => void;
  resume?: () => void;
}

/** What a server does by itself; the way to it is the same for all. */
type BareServer = Omit<SoakServer, "direct" | "url" | "proxy" | "authority" | "moveAddress" | "swapAuthority"> & {
  readonly server: string;
  readonly token: string;
  readonly caPem: () => string;
  /** Restarts with a certificate of another authority: `caPem` gives it. */
  readonly changeAuthority: () => Promise<void>;
};

export async function openSoakServer(isReal: boolean, random: () => number): Promise<SoakServer> {
  await using stack = new AsyncDisposableStack();
  const bare = stack.use(await (isReal ? openReal() : openSim(random)));
  const proxy = stack.use(await openLoopbackProxy(bare.server));
  const names = stack.use(new NameService(HOST, FIRST_ADDRESS));
  const authority = new KnownAuthority(bare.caPem());
  const owned = stack.move();
  return {
    ...bare,
    direct: { server: bare.server, tlsSource: authority, token: bare.token, origin: "soak" },
    url: `https://${HOST}:${proxy.port}`,
    proxy,
    authority: bare.caPem(),
    swapAuthority: async () => {
      await bare.changeAuthority();
      const caPem = bare.caPem();
      authority.know(caPem);
      return caPem;
    },
    moveAddress: async () => {
      const other = await openLoopbackProxy(bare.server, { host: OTHER_ADDRESS, port: proxy.port });
      names.address = OTHER_ADDRESS;
      proxy.freezeAll();
      await proxy.setMode("silent");
      return async () => {
        await proxy.setMode("forward");
        names.address = FIRST_ADDRESS;
        const { accepted } = other;
        await other[Symbol.asyncDispose]();
        if (accepted === 0) throw new Error("nobody came to the new address");
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Trusts what it was told last. */
class KnownAuthority implements TlsSource {
  #now: TlsCredentials;

  constructor(caPem: string) {
    this.#now = { caPem };
  }

  know(caPem: string): void {
    this.#now = { caPem };
  }

  credentials(): Promise<TlsCredentials> {
    return Promise.resolve(this.#now);
  }

  reject(): void {
    // There is nothing newer to look for.
  }
}

async function openSim(random: () => number): Promise<BareServer> {
  const sim = await openKubeSim({
    // Versions beyond what a JavaScript number holds, from the first to the last.
    firstResourceVersion: "90071992547409930000",
    bookmarkIntervalMs: 2000,
    // Enough for half a minute of changes. The simulator's memory is part of what is measured, and its history swings between this and its double.
    watchHistory: 1000,
    journalEntries: 100,
    random,
  });
  return {
    name: "kube-sim",
    server: sim.server,
    token: sim.token,
    caPem: () => sim.caPem,
    restart: async () => {
      await sim.restart();
      sim.compact();
    },
    compact: async () => sim.compact(),
    changeAuthority: () => sim.swapAuthority(),
    startGoAways: () => {
      const fault = sim.faults.add({ action: { kind: "go-away" }, chance: 0.02 });
      return () => fault.remove();
    },
    startGzipMembers: () => {
      const fault = sim.faults.add({ action: { kind: "gzip-members" } });
      return () => fault.remove();
    },
    [Symbol.asyncDispose]: () => sim.stop(),
  };
}

async function openReal(): Promise<BareServer> {
  const cluster = await openRealCluster({
    apiServerFlags: ["--goaway-chance=0.02", "--etcd-compaction-interval=20s", "--min-request-timeout=60"],
  });
  return {
    name: "kube-apiserver",
    server: cluster.server,
    token: cluster.tokens.admin,
    caPem: () => cluster.caPem,
    restart: () => cluster.restartApiServer({ kill: true }),
    compact: () => cluster.compactEtcd(),
    changeAuthority: async () => {
      // A server that finds no certificate in its folder signs another one.
      const folder = dirname(cluster.caFile);
      await Promise.all(["apiserver.crt", "apiserver.key"].map((file) => rm(join(folder, file))));
      await cluster.restartApiServer({ kill: true });
    },
    // By its flag, from the first request to the last.
    startGoAways: () => () => {},
    pause: () => cluster.pauseApiServer(),
    resume: () => cluster.resumeApiServer(),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
