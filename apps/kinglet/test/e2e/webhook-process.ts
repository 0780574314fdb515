import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Alert } from "@kinglet/detection";
import { freePort } from "@kinglet/testing";
import { ProgramProcess, startProgram, type StartedProgram } from "./program-process.ts";

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

/** A running admission controller. */
export class WebhookProcess extends ProgramProcess {
  /** Port of the webhook. */
  readonly port: number;
  readonly #folder: string;

  private constructor(started: StartedProgram, folder: string, port: number) {
    super(started);
    this.#folder = folder;
    this.port = port;
  }

  static async start({ folder, kubeconfig, args = [], env }: WebhookOptions): Promise<WebhookProcess> {
    await mkdir(join(folder, "tls"), { recursive: true });
    if (!existsSync(join(folder, "tls", "tls.crt"))) await useCertificate(folder, "server-one");
    const port = await freePort();
    const flags = [
      ...["--kubeconfig", kubeconfig, "--namespace", "kinglet", "--output", "json"],
      ...["--bind", `127.0.0.1:${port}`, "--certificate-dir", join(folder, "tls")],
      ...["--state-dir", join(folder, "state"), ...args],
    ];
    const started = await startProgram("admission-controller", { folder, args: flags, env });
    return new WebhookProcess(started, folder, port);
  }

  /** Puts another certificate into its folder. */
  useCertificate(name: string): Promise<void> {
    return useCertificate(this.#folder, name);
  }

  /** The alerts written so far, complete lines only. */
  alerts(): readonly Alert[] {
    const lines = this.stdout().split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Alert);
  }
}

async function useCertificate(folder: string, name: string): Promise<void> {
  await copyFile(join(certificates, `${name}.key`), join(folder, "tls", "tls.key"));
  await copyFile(join(certificates, `${name}.pem`), join(folder, "tls", "tls.crt"));
}
