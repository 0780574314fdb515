import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildRealClusterBinaries } from "./build-binaries.ts";
import { cacheFolder, cacheRoot, type Environment } from "./cache-folder.ts";
import { HELP, parseCommandLine, type CommandLine } from "./command-line.ts";
import { RealClusterError } from "./errors.ts";
import { findRealClusterBinaries } from "./find-binaries.ts";
import { openRealCluster } from "./open-real-cluster.ts";
import { isOurProgram, readUpState, removeUpState, writeUpState, type UpState } from "./up-state.ts";

/** What the program gets from its process; tests pass their own. @internal */
export interface CommandContext {
  readonly args: readonly string[];
  readonly env: Environment;
  /** Fires on Ctrl-C and TERM. */
  readonly signal: AbortSignal;
  /** Results, for scripts. */
  readonly print: (line: string) => void;
  /** Progress and problems, for people. */
  readonly report: (line: string) => void;
}

const DETACHED_START_MS = 120_000;
const DOWN_MS = 45_000;

/** Runs one command. @returns the exit code: 0 done, 1 failed, 2 wrong usage. @internal */
export async function runCommand(context: CommandContext): Promise<0 | 1 | 2> {
  const line = parseCommandLine(context.args);
  if (typeof line === "string") {
    context.report(`real-cluster: ${line}\n\n${HELP}`);
    return 2;
  }
  try {
    await COMMANDS[line.command](context, line);
    return 0;
  } catch (error) {
    if (!(error instanceof RealClusterError)) throw error;
    context.report(`real-cluster: ${error.code}: ${error.message}`);
    return 1;
  }
}

const COMMANDS: Readonly<
  Record<CommandLine["command"], (context: CommandContext, line: CommandLine) => Promise<void>>
> = {
  build: async ({ env, signal, report, print }) => {
    await buildRealClusterBinaries(env, { signal, onProgress: report });
    print(cacheFolder(env));
  },
  up: async (context, line) => {
    const running = await readUpState(context.env);
    if (running !== undefined) {
      throw new RealClusterError(
        "KINGLET_ERR_REAL_CLUSTER_ALREADY_UP",
        `a cluster is up at ${running.server} (process ${running.pid}, kubeconfig ${running.kubeconfigPath}); stop it with "real-cluster down"`,
      );
    }
    await (line.isDetached ? upDetached(context) : up(context, line));
  },
  down: async ({ env, report }) => {
    const state = await readUpState(env);
    if (state === undefined)
      throw new RealClusterError(
        "KINGLET_ERR_REAL_CLUSTER_NOT_UP",
        `nothing that "real-cluster up" started is running`,
      );
    process.kill(state.pid, "SIGTERM");
    const deadline = performance.now() + DOWN_MS;
    while (isOurProgram(state.pid)) {
      if (performance.now() > deadline)
        throw new RealClusterError(
          "KINGLET_ERR_REAL_CLUSTER_NOT_UP",
          `process ${state.pid} did not end within ${DOWN_MS / 1000} s`,
        );
      await delay(50);
    }
    report(`stopped the cluster at ${state.server}`);
  },
  status: async ({ env, print }) => {
    const binaries = findRealClusterBinaries(env);
    print(
      binaries === undefined
        ? `programs: none (run "real-cluster build"; they would go to ${cacheFolder(env)})`
        : `programs: ${binaries.origin}`,
    );
    const state = await readUpState(env);
    print(
      state === undefined
        ? "cluster: not running"
        : `cluster: ${state.server}, process ${state.pid}, kubeconfig ${state.kubeconfigPath}`,
    );
  },
  path: async ({ env, print }) => {
    const binaries = findRealClusterBinaries(env);
    if (binaries === undefined)
      throw new RealClusterError(
        "KINGLET_ERR_REAL_CLUSTER_BINARIES_MISSING",
        `nothing is built; run "real-cluster build", which fills ${cacheFolder(env)}`,
      );
    print(binaries.origin);
  },
  help: async ({ print }) => print(HELP.trimEnd()),
};

async function up(context: CommandContext, line: CommandLine): Promise<void> {
  const { env, signal, print, report } = context;
  const binaries = findRealClusterBinaries(env);
  if (binaries === undefined)
    throw new RealClusterError(
      "KINGLET_ERR_REAL_CLUSTER_BINARIES_MISSING",
      `nothing is built; run "real-cluster build" first, which fills ${cacheFolder(env)}`,
    );
  const startedMs = performance.now();
  const { apiServerFlags, etcdFlags, logDir } = line;
  const options = { binaries, apiServerFlags, etcdFlags, signal, ...(logDir === undefined ? {} : { logDir }) };
  await using cluster = await openRealCluster(options);
  await writeUpState(env, { pid: process.pid, server: cluster.server, kubeconfigPath: cluster.kubeconfigPath });
  try {
    report(
      `ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s; logs in ${cluster.logDir}; stop with Ctrl-C or "real-cluster down"`,
    );
    printCluster(print, cluster);
    await aborted(signal);
    report("stopping");
    await cluster.stop();
  } finally {
    await removeUpState(env, process.pid);
  }
}

async function upDetached({ args, env, signal, print, report }: CommandContext): Promise<void> {
  mkdirSync(cacheRoot(env), { recursive: true });
  const logFile = join(cacheRoot(env), "up.log");
  const log = openSync(logFile, "w", 0o600);
  const entry = process.argv[1] ?? "";
  const child = spawn(
    process.execPath,
    [...process.execArgv, entry, ...args.filter((argument) => argument !== "--detach")],
    { detached: true, env, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  child.unref();
  const deadline = performance.now() + DETACHED_START_MS;
  for (;;) {
    const state = await readUpState(env);
    if (state !== undefined && state.pid === child.pid) {
      printCluster(print, state);
      report(`runs as process ${state.pid}; stop it with "real-cluster down"`);
      return;
    }
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || signal.aborted || performance.now() > deadline) {
      child.kill("SIGTERM");
      throw new RealClusterError(
        "KINGLET_ERR_REAL_CLUSTER_START_FAILED",
        `the detached cluster did not start:\n${readFileSync(logFile, "utf8").trimEnd()}`,
      );
    }
    await delay(100);
  }
}

function printCluster(print: (line: string) => void, cluster: Pick<UpState, "server" | "kubeconfigPath">): void {
  print(`server: ${cluster.server}`);
  print(`kubeconfig: ${cluster.kubeconfigPath}`);
  print(`export KUBECONFIG='${cluster.kubeconfigPath}'`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  // A pending promise does not keep the process alive; without this, an idle `up` would simply end.
  const keepAlive = setInterval(() => {}, 2 ** 30);
  await promise;
  clearInterval(keepAlive);
}
