import { createError } from "@kinglet/errors";
import { runtimeEventsErrors } from "./errors.ts";
import { isMissing, type FileIdentity } from "./export-file.ts";
import { readText, removeFile, renameFile, statPath, writeText } from "./file-system.ts";
import { isObject, numberOf, textOf, type JsonObject } from "./json-object.ts";

/** A place in a file. @internal */
export interface FilePosition extends FileIdentity {
  readonly offset: number;
}

/** An alert that left although something before it is not done with. @internal */
export interface ConfirmedAlert {
  readonly uniqueId: string;
  /** Where its event begins. */
  readonly at: FilePosition;
}

/** What is known after a restart. @internal */
export interface Checkpoint {
  /** When it was written, milliseconds since 1970. */
  readonly savedAtMs: number;
  /** Everything before is done with; undefined: no file had been there yet. */
  readonly position: FilePosition | undefined;
  readonly confirmed: readonly ConfirmedAlert[];
}

const version = 1;

/** Ours holds 1,024 alerts at most, some hundred bytes each; what is larger must not take the memory of the start. */
const maxBytes = 4_194_304;

/**
 * Reads a checkpoint.
 *
 * @returns undefined when there is none.
 * @throws KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT
 * @internal
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  let text = "";
  let isTooLarge = false;
  try {
    isTooLarge = (await statPath(path)).size > maxBytes;
    if (!isTooLarge) text = await readText(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw corrupt(path, String((error as { code?: unknown }).code ?? error), error);
  }
  if (isTooLarge) throw corrupt(path, `it has more than ${maxBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(path, "it is not JSON", error);
  }
  if (!isObject(value)) throw corrupt(path, "it is not a JSON object");
  if (value["version"] !== version) throw corrupt(path, `its version is not ${version}`);
  const { position, confirmed } = value;
  const checkpoint = {
    savedAtMs: numberOf(value, "savedAtMs", Number.NaN),
    position: position === null ? undefined : parsePosition(position),
    confirmed: Array.isArray(confirmed) ? confirmed.map(parseConfirmed) : [undefined],
  };
  if (!Number.isFinite(checkpoint.savedAtMs)) throw corrupt(path, "savedAtMs is not a number");
  if (position !== null && checkpoint.position === undefined) throw corrupt(path, "position is not a position");
  const known = checkpoint.confirmed.filter((one) => one !== undefined);
  if (known.length !== checkpoint.confirmed.length) throw corrupt(path, "confirmed is not a list of alerts");
  return { savedAtMs: checkpoint.savedAtMs, position: checkpoint.position, confirmed: known };
}

/**
 * Replaces the checkpoint in one step: whoever reads it finds the old one or the new one, also after `kill -9`.
 *
 * Not synced to disk: after a power cut the last ones may be missing or, on some file systems, the file may be empty.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE
 * @internal
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const text = JSON.stringify({
    version,
    savedAtMs: checkpoint.savedAtMs,
    position: checkpoint.position ?? null,
    confirmed: checkpoint.confirmed,
  });
  const draft = `${path}.new`;
  try {
    await writeText(draft, `${text}\n`);
    await renameFile(draft, path);
  } catch (error) {
    await removeFile(draft).catch(() => {
      // The draft is overwritten by the next attempt; the reason that matters is the first one.
    });
    const reason = String((error as { code?: unknown }).code ?? error);
    const details = { path, reason };
    throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE", details, {
      cause: error,
    });
  }
}

function parsePosition(value: unknown): FilePosition | undefined {
  if (!isObject(value)) return undefined;
  const { dev, inode, firstLine, offset } = value;
  const modifiedMs = numberOf(value, "modifiedMs", 0);
  const isWhole = typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0;
  if (typeof dev !== "string" || typeof inode !== "string" || typeof firstLine !== "string" || !isWhole)
    return undefined;
  return { dev, inode, firstLine, modifiedMs, offset };
}

function parseConfirmed(value: unknown): ConfirmedAlert | undefined {
  const entry: JsonObject = isObject(value) ? value : {};
  const uniqueId = textOf(entry, "uniqueId");
  const at = parsePosition(entry["at"]);
  return uniqueId === "" || at === undefined ? undefined : { uniqueId, at };
}

function corrupt(path: string, reason: string, cause?: unknown): Error {
  const details = { path, reason };
  return createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT", details, { cause });
}
