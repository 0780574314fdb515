import { createError } from "@kinglet/errors";
import {
  bundleFormat,
  maxContentBytes,
  maxPieces,
  type BundleContent,
  type BundleIndex,
  type BundleObject,
} from "./bundle-document.ts";
import { bundleErrors } from "./errors.ts";
import { loadCrypto, loadZlib } from "./lazy.ts";

const hashPattern = /^[0-9a-f]{64}$/;
const newline = 10;

/**
 * Reads the index from the texts of the first document (`data` of the ConfigMap, or the files of the folder).
 *
 * @throws `KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT`.
 *
 * @public
 */
export function readBundleIndex(data: Readonly<Record<string, string | undefined>>): BundleIndex {
  const format = data["format"]?.trim();
  if (format !== bundleFormat) throw formatError(`format ${JSON.stringify(format ?? "")} is not known here`);
  const sha256 = data["sha256"]?.trim() ?? "";
  if (!hashPattern.test(sha256)) throw formatError("its sha256 is not 64 hexadecimal digits");
  const pieces = (data["pieces"] ?? "").split("\n").filter((line) => line !== "");
  if (pieces.length === 0 || pieces.length > maxPieces || !pieces.every((piece) => hashPattern.test(piece))) {
    throw formatError(`its list of pieces does not hold 1 to ${maxPieces} hashes`);
  }
  const encoding = data["encoding"]?.trim();
  if (encoding !== "plain" && encoding !== "gzip") throw formatError("its encoding is neither plain nor gzip");
  return { sha256, encoding, pieces, policies: readCount(data["policies"]), rules: readCount(data["rules"]) };
}

/**
 * Verifies a bundle and gives its objects. Nothing of it is used before every hash is right.
 *
 * @param pieces - in order, as many as the index names.
 * @throws `KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH`, `…_FORMAT`, `…_TOO_LARGE`. The first passes by itself while somebody writes the bundle.
 *
 * @public
 */
export async function decodeBundle(index: BundleIndex, pieces: readonly Uint8Array[]): Promise<BundleContent> {
  const { createHash } = await loadCrypto();
  const check = (bytes: Uint8Array, expected: string, what: string): void => {
    const actual = createHash("sha256").update(bytes).digest("hex");
    if (actual === expected) return;
    throw createError(bundleErrors, "KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH", { what, actual, expected });
  };
  if (pieces.length !== index.pieces.length) {
    throw formatError(`${pieces.length} pieces are there, its index names ${index.pieces.length}`);
  }
  for (const [at, piece] of pieces.entries()) check(piece, index.pieces[at] ?? "", `piece ${at}`);
  const bytes = Buffer.concat(pieces);
  const text = index.encoding === "plain" ? bytes : await unzip(bytes);
  check(text, index.sha256, "its content");
  const content = readEntries(text);
  if (content.policies.length !== index.policies || content.rules.length !== index.rules) {
    throw formatError("it holds another number of policies or rules than its index says");
  }
  return content;
}

async function unzip(bytes: Buffer): Promise<Buffer> {
  const { gunzipSync } = await loadZlib();
  try {
    return gunzipSync(bytes, { maxOutputLength: maxContentBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      const details = { what: "its content", bytes: `more than ${maxContentBytes}`, limitBytes: maxContentBytes };
      throw createError(bundleErrors, "KINGLET_ERR_POLICY_ENGINE_BUNDLE_TOO_LARGE", details, { cause: error });
    }
    throw formatError("it cannot be decompressed", error);
  }
}

/** Line by line, so that no second copy of the whole text is made. */
function readEntries(text: Buffer): BundleContent {
  const policies: BundleObject[] = [];
  const rules: BundleObject[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf(newline, start);
    const line = text.toString("utf8", start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    const { entry, object } = parseEntry(line);
    if (entry === "policy") policies.push(object);
    else if (entry === "rules") rules.push(object);
    else throw formatError(`it holds an entry of kind ${JSON.stringify(entry)}`);
  }
  return { policies, rules };
}

function parseEntry(line: string): { readonly entry: unknown; readonly object: BundleObject } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw formatError("a line of it is not JSON", error);
  }
  const { entry, object } = (value ?? {}) as { readonly entry?: unknown; readonly object?: unknown };
  const metadata = (object as { readonly metadata?: { readonly name?: unknown } } | undefined)?.metadata;
  if (typeof metadata?.name !== "string") throw formatError("a line of it is not an object with a name");
  return { entry, object: object as BundleObject };
}

function readCount(text: string | undefined): number {
  const count = Number(text?.trim() === "" ? "x" : text);
  if (!Number.isSafeInteger(count) || count < 0) throw formatError("its index does not say how much it holds");
  return count;
}

function formatError(reason: string, cause?: unknown): Error {
  return createError(bundleErrors, "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT", { reason }, { cause });
}
