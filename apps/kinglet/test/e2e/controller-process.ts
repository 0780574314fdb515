import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { waitFor } from "@kinglet/testing";
import { bundlePath, executablePath } from "../artefact/built-program.ts";

/** How to start a config-controller in a test. */
export interface ControllerOptions {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly args?: readonly string[];
}

/** A running config-controller: the built program under its real name, as a process of its own. */
export class ControllerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #exit: Promise<number | NodeJS.Signals>;
  #stderr = "";

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-65_536);
    });
    this.#exit = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? 1)));
  }

  /** Starts the single executable where there is one, else the bundle, through a link called `config-controller`. */
  static async start({ folder, kubeconfig, args = [] }: ControllerOptions): Promise<ControllerProcess> {
    const link = join(folder, "bin", "config-controller");
    await mkdir(join(folder, "bin"), { recursive: true });
    const program = existsSync(executablePath) ? executablePath : bundlePath;
    if (!existsSync(link)) await symlink(program, link);
    const port = await freePort();
    const flags = [
      ...["--kubeconfig", kubeconfig, "--metrics-bind", `127.0.0.1:${String(port)}`, "--debug-bind", "127.0.0.1:0"],
      ...["--log-format", "json", ...args],
    ];
    const command = program.endsWith(".cjs") ? [process.execPath, link] : [link];
    const child = spawn(command[0] ?? "", [...command.slice(1), ...flags], {
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    return new ControllerProcess(child, port);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Waits until `/readyz` says 200. */
  async ready(timeoutMs = 30_000): Promise<void> {
    try {
      await waitFor(async () => (await this.http("/readyz")).status === 200, { timeoutMs, describe: "the controller" });
    } catch (error) {
      throw new Error(`${(error as Error).message}\nstderr:\n${this.#stderr}`, { cause: error });
    }
  }

  /** GET on the health and metrics listener; status 0 while nothing listens. */
  http(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve) => {
      const request = get({ host: "127.0.0.1", port: this.#port, path, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on("error", () => resolve({ status: 0, text: "" }));
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; gives the exit code, or the signal's name. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.#child.kill(signal);
    return this.#exit;
  }

  /** True when the process has ended. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) await this.stop("SIGKILL");
  }
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
