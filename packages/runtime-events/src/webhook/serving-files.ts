import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { createError } from "@kinglet/errors";
import type { Logger } from "@kinglet/logger";
import { webhookErrors } from "./errors.ts";

/** A PEM file is never that large, bytes. */
const maxBytes = 1_048_576;

/** Where the parts of a server's identity are. @internal */
export interface ServingPaths {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clientAuthorityFile: string | undefined;
}

/**
 * Certificate, key and the clients' authorities of a server, as their files say now.
 *
 * The files are looked at when somebody asks, which is when somebody connects: no watch and no timer, and a file that was exchanged holds
 * from the next handshake on. Files that cannot be used leave what was read before in use.
 *
 * @internal
 */
export class ServingFiles {
  /** Goes up when the clients' authorities became others. */
  authorityGeneration = 0;
  readonly #paths: ServingPaths;
  readonly #logger: Logger;
  #signature = "";
  #context: SecureContextOptions;

  /** @throws `KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_CERTIFICATE` */
  constructor(paths: ServingPaths, logger: Logger) {
    this.#paths = paths;
    this.#logger = logger;
    this.#signature = this.#look();
    this.#context = this.#read();
  }

  /** What `node:tls` needs. */
  get context(): SecureContextOptions {
    return this.#context;
  }

  /** Looks whether the files changed. @returns the new context when they did and can be used. */
  refresh(): SecureContextOptions | undefined {
    const signature = this.#look();
    if (signature === this.#signature) return undefined;
    // Remembered in any case: what cannot be used is tried again when it changes, not for each connection.
    this.#signature = signature;
    try {
      const context = this.#read();
      if (context.ca !== this.#context.ca) this.authorityGeneration += 1;
      this.#context = context;
      this.#logger.info("webhook certificate files read anew", { path: this.#paths.certificateFile });
      return context;
    } catch (error) {
      this.#logger.warn("webhook goes on with its former certificate files", { error });
      return undefined;
    }
  }

  /** Changes when a file does, symbolic links followed. */
  #look(): string {
    const { certificateFile, keyFile, clientAuthorityFile = "" } = this.#paths;
    return [certificateFile, keyFile, clientAuthorityFile].map(signatureOf).join(" ");
  }

  #read(): SecureContextOptions {
    const { certificateFile, keyFile, clientAuthorityFile } = this.#paths;
    const context: SecureContextOptions = {
      cert: readPem(certificateFile),
      key: readPem(keyFile),
      minVersion: "TLSv1.2",
      ...(clientAuthorityFile === undefined ? {} : { ca: readPem(clientAuthorityFile) }),
    };
    // Without an authority in it, OpenSSL would take the file and let nobody in.
    if (clientAuthorityFile !== undefined && !(context.ca as string).includes("-----BEGIN CERTIFICATE-----")) {
      throw certificateError(clientAuthorityFile, new Error("it holds no certificate"));
    }
    try {
      createSecureContext(context);
    } catch (error) {
      throw certificateError(certificateFile, error);
    }
    return context;
  }
}

function signatureOf(path: string): string {
  if (path === "") return "-";
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch {
    // Not there for the moment: it is noticed when it comes back.
    return "-";
  }
}

function readPem(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw certificateError(path, error);
  }
  if (text.length > maxBytes) throw certificateError(path, new Error("the file is larger than 1 MiB"));
  return text;
}

function certificateError(path: string, cause: unknown): Error {
  // What OpenSSL says names no part of the key.
  const reason = cause instanceof Error ? cause.message : "it cannot be read";
  return createError(webhookErrors, "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_CERTIFICATE", { path, reason }, { cause });
}
