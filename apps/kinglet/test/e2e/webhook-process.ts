import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Alert } from "@kinglet/detection";
import { waitFor } from "@kinglet/testing";
import { bundlePath, executablePath } from "../artefact/built-program.ts";

/** Certificates for tests, made once. */
const certificates = join(import.meta.dirname, "../../../../packages/admission/test/certificates");

/** How to start an admission controller in a test. */
export interface WebhookOptions {
  /** Folder for the link, the certificate and the state; the same folder means the same last good copy. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A running admission controller: the built program under its real name, as a process of its own. */
export class WebhookProcess implements AsyncDisposable {
  /** Port of the webhook. */
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #metricsPort: number;
  readonly #debugPort: number;
  readonly #exit: Promise<number | NodeJS.Signals>;
  #stdout = "";
  #stderr = "";

  private constructor(
    child: ChildProcess,
    folder: string,
    ports: { readonly webhook: number; readonly metrics: number; readonly debug: number },
  ) {
    this.#child = child;
    this.#folder = folder;
    this.port = ports.webhook;
    this.#metricsPort = ports.metrics;
    this.#debugPort = ports.debug;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#exit = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? 1)));
  }

  /** Starts the single executable where there is one, else the bundle, through a link called `admission-controller`. */
  static async start(options: WebhookOptions): Promise<WebhookProcess> {
    const { folder } = options;
    const link = join(folder, "bin", "admission-controller");
    await mkdir(join(folder, "bin"), { recursive: true });
    await mkdir(join(folder, "tls"), { recursive: true });
    const program = existsSync(executablePath) ? executablePath : bundlePath;
    if (!existsSync(link)) await symlink(program, link);
    if (!existsSync(join(folder, "tls", "tls.crt"))) await useCertificate(folder, "server-one");
    const ports = { webhook: await freePort(), metrics: await freePort(), debug: await freePort() };
    const local = (port: number): string => `127.0.0.1:${String(port)}`;
    const args = [
      ...["--kubeconfig", options.kubeconfig, "--namespace", "kinglet", "--output", "json"],
      ...["--bind", local(ports.webhook), "--certificate-dir", join(folder, "tls")],
      ...["--state-dir", join(folder, "state"), "--metrics-bind", local(ports.metrics)],
      ...["--debug-bind", local(ports.debug), ...(options.args ?? [])],
    ];
    const command = program.endsWith(".cjs") ? [process.execPath, link] : [link];
    const child = spawn(command[0] ?? "", [...command.slice(1), ...args], {
      env: { PATH: "/usr/bin:/bin", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new WebhookProcess(child, folder, ports);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Puts another certificate into its folder. */
  useCertificate(name: string): Promise<void> {
    return useCertificate(this.#folder, name);
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
  ready(timeoutMs = 30_000): Promise<void> {
    return this.until(async () => (await this.http("/readyz")).status === 200, "the webhook to be ready", timeoutMs);
  }

  /** The value of one series of `/metrics`; 0 when it is not there. */
  async metric(series: string): Promise<number> {
    const { text } = await this.http("/metrics");
    const line = text.split("\n").find((row) => row.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? "0");
  }

  /** GET on the health and metrics listener; status 0 while nothing listens. */
  http(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return httpGet(this.#metricsPort, path);
  }

  /** GET on the debug listener; status 0 while nothing listens. */
  debug(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return httpGet(this.#debugPort, path);
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process has ended: its exit code, or the signal's name. */
  get ended(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
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

async function useCertificate(folder: string, name: string): Promise<void> {
  await copyFile(join(certificates, `${name}.key`), join(folder, "tls", "tls.key"));
  await copyFile(join(certificates, `${name}.pem`), join(folder, "tls", "tls.crt"));
}

function httpGet(port: number, path: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", () => resolve({ status: 0, text: "" }));
  });
}

/** A port that is free, below those that the system gives to outgoing connections: under load it would give it away. */
function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(freePort()));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)));
  });
}
