import { readFileSync, statSync } from "node:fs";
import { createError } from "@kinglet/errors";
import { endpointsErrors } from "./errors.ts";
import { loadCrypto } from "./lazy.ts";

/** Shorter tokens can be guessed over a network. */
const minTokenLength = 16;
const maxBytes = 65_536;

/**
 * Reads the token; surrounding white space is not part of it. What is no regular file is not opened: reading a pipe might never end, and
 * everything else with it.
 *
 * @throws `KINGLET_ERR_ENDPOINTS_TOKEN_FILE`.
 * @public
 */
export function readToken(path: string): string {
  let text: string;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new Error("it is no file");
    if (found.size > maxBytes) throw new Error(`it has ${found.size} bytes`);
    // A small file on a rare request; `node:fs/promises` would cost 0.1 MB of heap at import.
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code ?? message;
    throw createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_TOKEN_FILE", { path, reason }, { cause });
  }
  const token = text.trim();
  if (token.length >= minTokenLength && token.length <= 4096) return token;
  const reason = `the token has ${token.length} characters, 16 to 4096 are permitted`;
  throw createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_TOKEN_FILE", { path, reason });
}

/**
 * True when the `Authorization` header carries the token; takes the same time wherever the two differ.
 *
 * @public
 */
export async function isAuthorized(header: string | undefined, token: string): Promise<boolean> {
  const crypto = await loadCrypto();
  const given = header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : "";
  // Hashes have one length whatever was given.
  const digest = (text: string): Uint8Array => crypto.createHash("sha256").update(text).digest();
  return crypto.timingSafeEqual(digest(given), digest(token));
}
