import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { RealClusterError } from "./errors.ts";

/** @internal */
export interface ServerStart {
  readonly name: string;
  readonly program: string;
  readonly flags: readonly string[];
  /** Output of the program is appended here. */
  readonly logFile: string;
}

/**
 * One running program of the cluster.
 *
 * It runs in a session of its own, so that Ctrl-C at a terminal reaches only this process, which then stops the servers in
 * order.
 *
 * @internal
 */
export class ServerProcess {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(start: ServerStart, child: ChildProcess, pid: number) {
    this.name = start.name;
    this.pid = pid;
    this.#child = child;
    this.#logFile = start.logFile;
  }

  /** @throws RealClusterError `…_START_FAILED` when the program cannot be executed at all. */
  static async start(start: ServerStart): Promise<ServerProcess> {
    const log = await open(start.logFile, "a", 0o600);
    try {
      const child = spawn(start.program, start.flags, { detached: true, stdio: ["ignore", log.fd, log.fd] });
      await once(child, "spawn");
      if (child.pid === undefined) throw new Error("no process id");
      return new ServerProcess(start, child, child.pid);
    } catch (cause) {
      throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_START_FAILED", `cannot execute ${start.program}`, { cause });
    } finally {
      await log.close();
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal to exactly this process; does nothing once it has ended. */
  send(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** TERM, and KILL after `graceMs`; resolves when the process is gone. A process under STOP is continued first. */
  async stop(graceMs: number): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#child, "exit");
    this.send("SIGCONT");
    this.send("SIGTERM");
    const timer = new AbortController();
    const kill = delay(graceMs, undefined, { signal: timer.signal }).then(
      () => this.send("SIGKILL"),
      // The process was faster than the timer.
      () => {},
    );
    await exited;
    timer.abort();
    await kill;
  }

  /**
   * Polls `check` until it says yes.
   *
   * @throws RealClusterError `…_START_FAILED` when the process ends first or `timeoutMs` pass, with the end of its log.
   * @throws RealClusterError `…_ABORTED` when `signal` fires.
   */
  async waitUntil(
    what: string,
    check: () => Promise<boolean>,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const deadline = performance.now() + options.timeoutMs;
    for (;;) {
      if (options.signal.aborted)
        throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_ABORTED", `cancelled while waiting for ${what}`, {
          cause: options.signal.reason,
        });
      if (!this.isRunning) throw await this.#failure(`${this.name} ended before ${what}`);
      if (await check()) return;
      if (performance.now() > deadline)
        throw await this.#failure(`${what} did not happen within ${options.timeoutMs / 1000} s`);
      await delay(50);
    }
  }

  async #failure(message: string): Promise<RealClusterError> {
    const how = this.#child.signalCode ?? this.#child.exitCode ?? "still running";
    const log = await readFile(this.#logFile, "utf8").catch(() => "(no log)");
    const tail = log.trimEnd().split("\n").slice(-15).join("\n");
    return new RealClusterError(
      "KINGLET_ERR_REAL_CLUSTER_START_FAILED",
      `${message} (${how}); end of ${this.#logFile}:\n${tail}`,
    );
  }
}
