import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RealClusterError } from "./errors.ts";
import { compactEtcd } from "./etcd-compaction.ts";
import { probe } from "./http-probe.ts";
import { formatKubeconfig } from "./kubeconfig.ts";
import { type RealClusterBinaries } from "./real-cluster-binaries.ts";
import { type RealCluster, type RealClusterOptions } from "./real-cluster.ts";
import { apiServerFlags, controllerFlags, etcdFlags, type ClusterLayout } from "./server-flags.ts";
import { ServerProcess } from "./server-process.ts";
import { writeServiceAccountKeys } from "./service-account-keys.ts";
import { TOKEN_USERS, tokenFile, tokensByUser, type ClusterUser } from "./token-users.ts";
import { type Watchdog } from "./watchdog.ts";

/**
 * Bound for each program between TERM and KILL. Short, because an API server under TERM waits up to a minute for its watchers
 * to leave, and nothing that it could still write is kept.
 */
const STOP_GRACE_MS = 3_000;

interface ClusterStart {
  readonly binaries: RealClusterBinaries;
  readonly layout: ClusterLayout;
  readonly logDir: string;
  readonly watchdog: Watchdog;
  readonly options: RealClusterOptions;
}

/**
 * The processes and files behind a {@link RealCluster}.
 *
 * @internal
 */
export class RunningCluster implements RealCluster {
  readonly canRestart = true;
  readonly server: string;
  readonly etcdUrl: string;
  readonly caFile: string;
  readonly logDir: string;
  readonly hasControllers: boolean;
  readonly tokens: Readonly<Record<ClusterUser, string>>;
  caPem = "";
  kubeconfigPath = "";
  readonly #start: ClusterStart;
  readonly #stopping = new AbortController();
  /** In the order of their start; stopped from the end. */
  readonly #servers: ServerProcess[] = [];
  #apiServer: ServerProcess | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(start: ClusterStart) {
    const { folder, ports, hasControllers } = start.layout;
    this.#start = start;
    this.server = `https://127.0.0.1:${ports.apiServer}`;
    this.etcdUrl = `http://127.0.0.1:${ports.etcdClient}`;
    this.caFile = join(folder, "certs", "apiserver.crt");
    this.logDir = start.logDir;
    this.hasControllers = hasControllers;
    this.tokens = tokensByUser();
  }

  /** On failure everything started so far is ended, and the folder is left to the caller. */
  static async start(start: ClusterStart): Promise<RunningCluster> {
    const cluster = new RunningCluster(start);
    const { signal } = start.options;
    const onAbort = (): void => {
      // The caller who aborted does not wait here; who calls `stop` gets the same promise and its error.
      cluster.stop().catch(() => {});
    };
    try {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", onAbort, { once: true });
      cluster.#stopping.signal.addEventListener("abort", () => signal?.removeEventListener("abort", onAbort), {
        once: true,
      });
      await cluster.#open();
      return cluster;
    } catch (cause) {
      await cluster.stop();
      if (signal?.aborted === true)
        throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_ABORTED", "cancelled while the cluster was starting", {
          cause,
        });
      throw cause;
    }
  }

  async kubeconfigFor(user: ClusterUser): Promise<string> {
    const path = join(this.#start.layout.folder, `kubeconfig-${user}.json`);
    const { token, userName } = TOKEN_USERS[user];
    await writeFile(path, formatKubeconfig({ server: this.server, caPem: this.caPem, userName, token }), {
      mode: 0o600,
    });
    return path;
  }

  async restartApiServer(options: { readonly kill?: boolean } = {}): Promise<void> {
    const old = this.#requireApiServer();
    await old.stop(options.kill === true ? 0 : STOP_GRACE_MS);
    this.#forget(old);
    await this.#launchApiServer();
  }

  pauseApiServer(): void {
    this.#requireApiServer().send("SIGSTOP");
  }

  resumeApiServer(): void {
    this.#requireApiServer().send("SIGCONT");
  }

  async compactEtcd(): Promise<void> {
    this.#requireApiServer();
    await compactEtcd(this.etcdUrl);
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<void> {
    const { layout, options, binaries } = this.#start;
    await writeFile(join(layout.folder, "tokens.csv"), tokenFile(), { mode: 0o600 });
    // The key pair takes as long as etcd: make it meanwhile.
    const [etcd] = await Promise.all([
      this.#launch("etcd", binaries.etcd, etcdFlags(layout, options.etcdFlags)),
      writeServiceAccountKeys(layout.folder),
    ]);
    await this.#wait(
      etcd,
      "etcd being healthy",
      async () => (await probe({ url: `${this.etcdUrl}/health` }))?.status === 200,
    );
    await this.#launchApiServer();
    this.kubeconfigPath = await this.kubeconfigFor("admin");
    if (binaries.kubeControllerManager === undefined) return;
    const controllers = await this.#launch(
      "kube-controller-manager",
      binaries.kubeControllerManager,
      controllerFlags(layout, this.kubeconfigPath),
    );
    // Without it the API server refuses pods; the controllers make it when they are at work.
    const url = `${this.server}/api/v1/namespaces/default/serviceaccounts/default`;
    await this.#wait(
      controllers,
      "the default service account",
      async () => (await probe({ url, caPem: this.caPem, token: this.tokens.admin }))?.status === 200,
    );
  }

  async #launchApiServer(): Promise<void> {
    const { layout, options, binaries } = this.#start;
    const apiServer = await this.#launch(
      "kube-apiserver",
      binaries.kubeApiserver,
      apiServerFlags(layout, options.apiServerFlags),
    );
    this.#apiServer = apiServer;
    await this.#wait(apiServer, "the API server being ready", async () => {
      this.caPem = await readFile(this.caFile, "utf8").catch(() => "");
      return this.caPem !== "" && (await probe({ url: `${this.server}/readyz`, caPem: this.caPem }))?.status === 200;
    });
  }

  async #launch(name: string, program: string, flags: readonly string[]): Promise<ServerProcess> {
    const server = await ServerProcess.start({ name, program, flags, logFile: join(this.logDir, `${name}.log`) });
    this.#start.watchdog.add(server.pid);
    // Kept in the order etcd, API server, controllers also after a restart, for the way down.
    const before = this.#servers.findIndex((other) => other.name === "kube-controller-manager");
    this.#servers.splice(before === -1 ? this.#servers.length : before, 0, server);
    if (this.#stopping.signal.aborted) await server.stop(STOP_GRACE_MS);
    return server;
  }

  async #wait(server: ServerProcess, what: string, check: () => Promise<boolean>): Promise<void> {
    await server.waitUntil(what, check, {
      timeoutMs: this.#start.options.startTimeoutMs ?? 60_000,
      signal: this.#stopping.signal,
    });
  }

  async #stopAll(): Promise<void> {
    this.#stopping.abort();
    for (const server of this.#servers.toReversed()) {
      await server.stop(STOP_GRACE_MS);
      this.#forget(server);
    }
    await this.#start.watchdog[Symbol.asyncDispose]();
    await rm(this.#start.layout.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #forget(server: ServerProcess): void {
    this.#start.watchdog.remove(server.pid);
    const index = this.#servers.indexOf(server);
    if (index !== -1) this.#servers.splice(index, 1);
  }

  #requireApiServer(): ServerProcess {
    if (this.#apiServer === undefined || this.#stopping.signal.aborted) {
      throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_STOPPED", `the cluster at ${this.server} is stopped`);
    }
    return this.#apiServer;
  }
}
