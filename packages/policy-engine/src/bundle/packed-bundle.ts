import { createError } from "@kinglet/errors";
import type { BundleIndex } from "./bundle-document.ts";
import { readBundleIndex } from "./decode-bundle.ts";
import { bundleErrors } from "./errors.ts";

/** What the first line of the file says. */
const magic = "kinglet-policies";

/**
 * A bundle as one file: the index as a line of JSON, then the compressed content. For the copy that outlives a restart; write it to another name
 * and rename it, so that no reader ever sees half of it.
 *
 * @public
 */
export function packBundle(index: BundleIndex, pieces: readonly Uint8Array[]): Uint8Array {
  const { sha256, encoding, policies, rules } = index;
  const header = {
    [magic]: "1",
    sha256,
    encoding,
    policies,
    rules,
    pieces: index.pieces,
    sizes: pieces.map((piece) => piece.length),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...pieces]);
}

/**
 * The reverse of {@link packBundle}; `decodeBundle` verifies what comes out.
 *
 * @throws `KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT`.
 *
 * @public
 */
export function unpackBundle(file: Uint8Array): {
  readonly index: BundleIndex;
  readonly pieces: readonly Uint8Array[];
} {
  const end = file.indexOf(10);
  let header: Readonly<Record<string, unknown>>;
  try {
    header = JSON.parse(Buffer.from(file.subarray(0, Math.max(0, end))).toString("utf8")) as typeof header;
  } catch (error) {
    throw formatError("the file does not begin with an index", error);
  }
  if (typeof header !== "object" || header === null) throw formatError("the file does not begin with an index");
  const hashes = listOf(header["pieces"], (item) => typeof item === "string") as readonly string[];
  const sizes = listOf(header["sizes"], (item) => Number.isSafeInteger(item) && (item as number) >= 0);
  const index = readBundleIndex({
    format: textOf(header[magic]),
    sha256: textOf(header["sha256"]),
    encoding: textOf(header["encoding"]),
    policies: textOf(header["policies"]),
    rules: textOf(header["rules"]),
    pieces: hashes.join("\n"),
  });
  const pieces: Uint8Array[] = [];
  let at = end + 1;
  for (const size of sizes as readonly number[]) {
    pieces.push(file.subarray(at, at + size));
    at += size;
  }
  if (at !== file.length) throw formatError("the file is longer or shorter than its index says");
  return { index, pieces };
}

function listOf(value: unknown, isItem: (item: unknown) => boolean): readonly unknown[] {
  if (Array.isArray(value) && value.every(isItem)) return value as readonly unknown[];
  throw formatError("the index of the file is incomplete");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function formatError(reason: string, cause?: unknown): Error {
  return createError(bundleErrors, "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT", { reason }, { cause });
}
