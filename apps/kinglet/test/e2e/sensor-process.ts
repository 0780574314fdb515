import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Alert } from "@kinglet/detection";
import { freePort, httpGet, waitFor } from "@kinglet/testing";
import { bundlePath, executablePath } from "../artefact/built-program.ts";

/** How to start a sensor in a test. */
export interface SensorOptions {
  /** Folder for the link, the state and the logs; the same folder means the same checkpoint. */
  readonly folder: string;
  /** Left out: the sensor has to find the cluster itself. */
  readonly kubeconfig?: string;
  readonly tetragonFile: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Program instead of the built one; for one that another user can reach. */
  readonly program?: string;
  /** User and group to run as. */
  readonly user?: number;
  /** Program with arguments that starts the sensor, e.g. `setpriv`. */
  readonly through?: readonly string[];
  /** `unread`: nobody reads the alerts, the pipe fills up. @defaultValue "read" */
  readonly stdout?: "read" | "unread";
  /** @defaultValue "beginning" */
  readonly startAt?: "beginning" | "end";
  /** True: repetitions of an alert and floods are held back, as they are by default outside of tests. @defaultValue false */
  readonly holdsBack?: boolean;
}

/** A running sensor: the built program under its real name, as a process of its own. */
export class SensorProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #metricsPort: number;
  readonly #debugPort: number;
  readonly #exit: Promise<number | NodeJS.Signals>;
  #isReading = false;
  #stdout = "";
  #stderr = "";

  private constructor(child: ChildProcess, metricsPort: number, debugPort: number, isRead: boolean) {
    this.#child = child;
    this.#metricsPort = metricsPort;
    this.#debugPort = debugPort;
    if (isRead) this.readStdout();
    // What is in the pipe at the end would be thrown away.
    else child.once("exit", () => this.readStdout());
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#exit = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? 1)));
  }

  /** Starts the single executable where there is one, else the bundle, through a link called `sensor`. */
  static async start(options: SensorOptions): Promise<SensorProcess> {
    const link = join(options.folder, "bin", "sensor");
    await mkdir(join(options.folder, "bin"), { recursive: true });
    const program = options.program ?? (existsSync(executablePath) ? executablePath : bundlePath);
    if (!existsSync(link)) await symlink(program, link);
    const port = await freePort();
    const debugPort = await freePort();
    const args = [
      ...(options.kubeconfig === undefined ? [] : ["--kubeconfig", options.kubeconfig]),
      ...["--tetragon-file", options.tetragonFile, "--start-at", options.startAt ?? "beginning"],
      ...["--state-dir", join(options.folder, "state"), "--output", "json"],
      ...[
        "--metrics-bind",
        `127.0.0.1:${String(port)}`,
        "--debug-bind",
        `127.0.0.1:${String(debugPort)}`,
        ...(options.holdsBack === true ? [] : ["--alert-cooldown", "0", "--alert-budget", "0"]),
        ...(options.args ?? []),
      ],
    ];
    const command = [...(options.through ?? []), ...(program.endsWith(".cjs") ? [process.execPath, link] : [link])];
    const child = spawn(command[0] ?? "", [...command.slice(1), ...args], {
      env: { PATH: "/usr/bin:/bin", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    });
    return new SensorProcess(child, port, debugPort, options.stdout !== "unread");
  }

  /** Address of the debug listener. */
  get debugBind(): string {
    return `127.0.0.1:${String(this.#debugPort)}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Begins to take the alerts. */
  readStdout(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
  }

  /** The reader of the alerts goes away. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  /** Everything on standard output so far. */
  stdout(): string {
    return this.#stdout;
  }

  /** The alerts written so far, complete lines only. */
  alerts(): readonly Alert[] {
    const lines = this.#stdout.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Alert);
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Waits until `/readyz` says 200. */
  async ready(timeoutMs = 30_000): Promise<void> {
    await this.#until(async () => (await this.http("/readyz")).status === 200, "the sensor to be ready", timeoutMs);
  }

  /** Waits until an alert fits; returns it. */
  async alert(fits: (alert: Alert) => boolean, what: string, timeoutMs = 30_000): Promise<Alert> {
    await this.#until(async () => this.alerts().some(fits), `an alert: ${what}`, timeoutMs);
    return this.alerts().find(fits) as Alert;
  }

  /** The value of one series of `/metrics`; 0 when it is not there. */
  async metric(series: string): Promise<number> {
    const { text } = await this.http("/metrics");
    const line = text.split("\n").find((row) => row.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? "0");
  }

  /** GET on the health and metrics listener; status 0 while nothing listens. */
  http(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return this.#get(this.#metricsPort, path);
  }

  /** GET on the debug listener; status 0 while nothing listens. */
  debug(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return this.#get(this.#debugPort, path);
  }

  async #get(port: number, path: string): Promise<{ readonly status: number; readonly text: string }> {
    return httpGet(`http://127.0.0.1:${String(port)}${path}`);
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; gives the exit code, or the signal's name. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.#child.kill(signal);
    return this.#exit;
  }

  /** Resolves when the process has ended by itself. */
  get ended(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop("SIGKILL");
  }

  async #until(predicate: () => Promise<boolean>, describe: string, timeoutMs: number): Promise<void> {
    try {
      await waitFor(predicate, { timeoutMs, describe });
    } catch (error) {
      throw new Error(`${(error as Error).message}\nstderr:\n${this.#stderr}\nalerts: ${this.#stdout}`, {
        cause: error,
      });
    }
  }
}
