import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { openTempDir, waitFor } from "@kinglet/testing";

const demoMain = join(import.meta.dirname, "../../../../tools/demo/src/main.ts");

/** How the demo ended. */
export interface DemoEnd {
  readonly code: number | NodeJS.Signals;
  readonly tookMs: number;
}

/** One line of `--output json`. */
export interface DemoLine {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** The demo as a process, with a folder of its own for everything temporary. */
export class DemoProcess implements AsyncDisposable {
  /** Everything temporary goes here; empty again when the demo has cleaned up. */
  readonly tempFolder: string;
  readonly stdoutLines: string[] = [];
  readonly ended: Promise<DemoEnd>;
  stderr = "";
  readonly #child: ChildProcess;
  readonly #removeFolder: () => Promise<void>;

  private constructor(child: ChildProcess, tempFolder: string, removeFolder: () => Promise<void>) {
    this.tempFolder = tempFolder;
    this.#child = child;
    this.#removeFolder = removeFolder;
    const startedAt = performance.now();
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => this.stdoutLines.push(line));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        resolve({ code: code ?? signal ?? 1, tookMs: performance.now() - startedAt });
      });
    });
  }

  static async start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<DemoProcess> {
    const folder = await openTempDir();
    const child = spawn(process.execPath, ["--conditions=@kinglet/source", demoMain, ...args], {
      env: { PATH: "/usr/bin:/bin", HOME: folder.path, TMPDIR: folder.path, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new DemoProcess(child, folder.path, () => folder[Symbol.asyncDispose]());
  }

  /** The lines so far of a demo that was started with `--output json`. */
  lines(type: string): readonly DemoLine[] {
    return this.stdoutLines.map((line) => JSON.parse(line) as DemoLine).filter((line) => line.type === type);
  }

  /** Waits for the first line of a type. */
  async line(type: string, what: string = type): Promise<DemoLine> {
    let hasEnded = false;
    void this.ended.then(() => {
      hasEnded = true;
    });
    await waitFor(() => this.lines(type).length > 0 || hasEnded, {
      timeoutMs: 45_000,
      describe: `the demo to tell: ${what}`,
    });
    const [first] = this.lines(type);
    if (first === undefined) throw new Error(`the demo ended without ${what}: ${this.stderr}`);
    return first;
  }

  /** The process id of the sensor, once it is ready. */
  async sensorPid(): Promise<number> {
    await this.line("pod", "the pods, which come after the sensor is ready");
    return Number(this.lines("start").find(({ pid }) => pid !== undefined)?.["pid"]);
  }

  interrupt(signal: NodeJS.Signals = "SIGINT"): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      await this.ended;
    }
    await this.#removeFolder();
  }
}

/** True while a process exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process: what the caller asks for.
    return false;
  }
}
