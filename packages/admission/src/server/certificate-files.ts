import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { createError } from "@kinglet/errors";
import { admissionErrors } from "../errors.ts";
import type { ServingCertificate } from "./webhook-server.ts";

/** A PEM file is never that large, bytes. */
const maxBytes = 1_048_576;

/** Paths of the certificate chain and the key in a mounted TLS Secret. @public */
export function certificatePaths(folder: string): readonly [certificate: string, key: string] {
  return [join(folder, "tls.crt"), join(folder, "tls.key")];
}

/**
 * Reads the serving certificate and tries whether it can be used: both files readable, PEM, and belonging together.
 *
 * @throws `KINGLET_ERR_ADMISSION_CERTIFICATE`.
 *
 * @public
 */
export function readCertificate(folder: string): ServingCertificate {
  const [certificatePath, keyPath] = certificatePaths(folder);
  const certificatePem = readPem(certificatePath);
  const keyPem = readPem(keyPath);
  try {
    createSecureContext({ cert: certificatePem, key: keyPem });
  } catch (error) {
    throw certificateError(certificatePath, error);
  }
  return { certificatePem, keyPem };
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
  return createError(admissionErrors, "KINGLET_ERR_ADMISSION_CERTIFICATE", { path, reason }, { cause });
}
