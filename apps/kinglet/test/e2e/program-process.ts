import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { freePort, httpGet, waitFor } from "@kinglet/testing";
import { bundlePath, executablePath } from "../artefact/built-program.ts";

/** How to start the built program in a test. */
export interface ProgramOptions {
  /** Folder of the link that it is started by. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A program and where it listens. */
export interface StartedProgram {
  readonly child: ChildProcess;
  readonly metricsPort: number;
  readonly debugPort: number;
}

/** Starts the single executable where there is one, else the bundle, through a link with the applet's name. */
export async function startProgram(
  applet: string,
  { folder, args, env = {} }: ProgramOptions,
): Promise<StartedProgram> {
  const link = join(folder, "bin", applet);
  await mkdir(join(folder, "bin"), { recursive: true });
  const program = existsSync(executablePath) ? executablePath : bundlePath;
  if (!existsSync(link)) await symlink(program, link);
  const ports = { metricsPort: await freePort(), debugPort: await freePort() };
  const listeners = [
    "--metrics-bind",
    `127.0.0.1:${ports.metricsPort}`,
    "--debug-bind",
    `127.0.0.1:${ports.debugPort}`,
  ];
  const command = program.endsWith(".cjs") ? [process.execPath, link] : [link];
  const child = spawn(command[0] ?? "", [...command.slice(1), ...listeners, ...args], {
    env: { PATH: "/usr/bin:/bin", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, ...ports };
}

/** The built program under one of its real names, as a process of its own. */
export class ProgramProcess implements AsyncDisposable {
  readonly #started: StartedProgram;
  readonly #exit: Promise<number | NodeJS.Signals>;
  #stdout = "";
  #stderr = "";

  constructor(started: StartedProgram) {
    const { child } = started;
    this.#started = started;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#exit = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? 1)));
  }

  get pid(): number {
    return this.#started.child.pid ?? 0;
  }

  stdout(): string {
    return this.#stdout;
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Waits until `/readyz` says 200. */
  ready(timeoutMs = 30_000): Promise<void> {
    return this.until(async () => (await this.http("/readyz")).status === 200, "the program to be ready", timeoutMs);
  }

  /** The value of one series of `/metrics`; 0 when it is not there. */
  async metric(series: string): Promise<number> {
    const { text } = await this.http("/metrics");
    const line = text.split("\n").find((row) => row.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? "0");
  }

  /** GET on the health and metrics listener; status 0 while nothing listens. */
  http(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return httpGet(`http://127.0.0.1:${this.#started.metricsPort}${path}`);
  }

  /** GET on the debug listener; status 0 while nothing listens. */
  debug(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return httpGet(`http://127.0.0.1:${this.#started.debugPort}${path}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#started.child.kill(signal);
  }

  /** Sends a signal and waits for the end; gives the exit code, or the signal's name. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.signal(signal);
    return this.#exit;
  }

  /** Resolves when the process has ended: its exit code, or the signal's name. */
  get ended(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  /** True when the process has ended. */
  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.#started.child;
    return exitCode !== null || signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) this.signal("SIGKILL");
    await this.#exit;
  }

  async until(predicate: () => Promise<boolean>, describe: string, timeoutMs = 30_000): Promise<void> {
    try {
      await waitFor(predicate, { timeoutMs, describe });
    } catch (error) {
      throw new Error(`${(error as Error).message}\nstderr:\n${this.#stderr}`, { cause: error });
    }
  }
}
