import { hasCode } from "@kinglet/errors";
import type { FilePosition } from "./checkpoint.ts";
import {
  firstLineOf,
  isForbidden,
  openExportFile,
  statFile,
  type ExportFile,
  type FileIdentity,
  type FileState,
} from "./export-file.ts";
import { firstWrittenSince, locate, type RotatedFile } from "./export-folder.ts";
import type { FolderWatch } from "./folder-watch.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** Where reading begins. @internal */
export type StartPlace =
  | { readonly at: "end" }
  /** Of the oldest predecessor that is there. */
  | { readonly at: "beginning" }
  /** A former run stopped here; `position` undefined: it never saw a file. */
  | { readonly at: "checkpoint"; readonly position: FilePosition | undefined; readonly savedAtMs: number };

/** What happened to the file on the way. @internal */
export type TailChange = "rotated" | "truncated";

/** Settings of an {@link ExportTail}. @internal */
export interface ExportTailOptions {
  readonly path: string;
  /** The file's predecessors, oldest first; how they are named is the writer's choice. */
  readonly listRotated: (path: string) => Promise<readonly RotatedFile[]>;
  readonly watch: FolderWatch;
  readonly lines: LineBuffer;
  readonly onChange: (change: TailChange) => void;
  /**
   * What was written between these times may be lost: the file read last is gone with, perhaps, some that came after it. Milliseconds since
   * 1970; told when reading goes on. `untilMs` is 0 where the file system does not tell.
   */
  readonly onLost: (fromMs: number, untilMs: number) => void;
  /** The file was cut in the middle of a line. */
  readonly onPartialLine: () => void;
  /** All that is in the file was read. */
  readonly onCaughtUp: () => void;
  /**
   * Nothing to read for now: undefined while the file is followed, else why there is none.
   *
   * @param sinceMs - for how long nothing has been read; undefined: from now on.
   * @param isRotation - the file was renamed a moment ago, and its writer is about to make the next one.
   */
  readonly onWaiting: (reason: string | undefined, sinceMs?: number, isRotation?: boolean) => void;
}

/**
 * Finds the file to read first and, from each file, the one to read next.
 *
 * Tetragon rotates by renaming: `tetragon.log` becomes `tetragon-TIME.log`, perhaps `.gz` later, and a new `tetragon.log`
 * begins. A reader that was away may have several rotations to make up for, so the next file is always looked up in the
 * folder, from the one just finished.
 *
 * @internal
 */
export class ExportTail {
  readonly #options: ExportTailOptions;
  /** Why the path could not be looked at or opened the last time; empty when it could, or nothing is there. */
  #forbidden = "";

  constructor(options: ExportTailOptions) {
    this.#options = options;
  }

  /**
   * Opens the first file and sets the line buffer to the position in it; waits while there is none.
   *
   * @returns undefined when the signal fired.
   */
  async start(place: StartPlace, signal: AbortSignal): Promise<ExportFile | undefined> {
    if (place.at === "checkpoint") {
      const { position, savedAtMs } = place;
      return position === undefined
        ? this.#openFirstSince(savedAtMs, signal)
        : this.#openAfterAbsence(position, savedAtMs, signal);
    }
    if (place.at === "beginning") return this.#openFirstSince(undefined, signal);
    const { path } = this.#options;
    const newest = (await this.#options.listRotated(path)).at(-1)?.rotatedAt ?? "";
    const state = await this.#look();
    const file = state === undefined ? undefined : await this.#openAtEnd(state.size, signal);
    return file ?? this.#openFirstAfter(newest, undefined, signal);
  }

  async #openAtEnd(size: number, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { path, lines } = this.#options;
    const file = await this.#open(path, path.endsWith(".gz") ? 0 : size, signal);
    if (file?.isCompressed !== true) return file;
    // How much it holds is known once it was read.
    let offset = 0;
    try {
      for (let count = 1; count > 0 && !signal.aborted; offset += count) {
        count = await file.read(lines.bytes, 0, lines.bytes.length);
      }
    } catch (error) {
      if (!isDamage(error)) {
        await file.close();
        throw error;
      }
    }
    lines.reset(offset);
    return file;
  }

  /**
   * There was no file when the checkpoint was saved: all that has come since is news.
   *
   * @param savedAtMs - undefined: there is no checkpoint, and all that is there is news.
   */
  async #openFirstSince(savedAtMs: number | undefined, signal: AbortSignal): Promise<ExportFile | undefined> {
    while (!signal.aborted) {
      const rotated = await this.#options.listRotated(this.#options.path);
      const first = rotated[await firstWrittenSince(rotated, savedAtMs ?? Number.NEGATIVE_INFINITY)];
      // By this listing, not a later one: what is rotated from now on is news too.
      if (first === undefined) return this.#openFirstAfter(rotated.at(-1)?.rotatedAt ?? "", savedAtMs, signal);
      const file = await this.#open(first.path, 0, signal);
      // Else it was renamed or compressed meanwhile, and another one may have its name.
      if (file === undefined) continue;
      if (await this.#isUnchanged(rotated)) return file;
      await file.close();
    }
    return undefined;
  }

  /** Waits for the first file; it may have been rotated away, even more than once, by the time that is noticed. */
  async #openFirstAfter(
    newest: string,
    sinceMs: number | undefined,
    signal: AbortSignal,
  ): Promise<ExportFile | undefined> {
    const { path, watch } = this.#options;
    while (!signal.aborted) {
      const { version } = watch;
      const first = (await this.#options.listRotated(path)).find((rotated) => rotated.rotatedAt > newest);
      const file =
        first === undefined
          ? await this.#openOrWait(version, signal, sinceMs)
          : await this.#open(first.path, 0, signal);
      if (file === undefined) continue;
      if (
        first !== undefined ||
        (await this.#options.listRotated(path)).every((rotated) => rotated.rotatedAt <= newest)
      )
        return file;
      await file.close();
    }
    return undefined;
  }

  /**
   * Called at the end of a file: waits for more of it, or goes on to the next one.
   *
   * @returns the file to read on from, which may be the same; undefined when the signal fired.
   */
  async next(file: ExportFile, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { path, listRotated, watch, lines, onWaiting, onCaughtUp } = this.#options;
    if (file.path !== path) return this.#openNext(file, signal);
    let cause: "change" | "poll" = "change";
    while (!signal.aborted) {
      const version = watch.version;
      const state = await this.#look();
      const isSame = state !== undefined && state.inode === file.inode && state.dev === file.dev;
      if (isSame && file.isCompressed && file.isWrittenSince(state)) return this.#openWritten(file, signal);
      // Of a compressed file everything was read: how much that was says nothing about its size.
      const size = file.isCompressed ? lines.readOffset : isSame ? state.size : (await file.state()).size;
      if (isSame) file.modifiedMs = state.modifiedMs;
      if (isSame && (await this.#wasRewritten(file, size))) return this.#restart(file, signal);
      // Without one under the path: was it renamed, and the one after it too before that was seen?
      const rotated = state === undefined ? await listRotated(path) : [];
      const found = state === undefined ? await locate(path, rotated, file.identity) : -1;
      const hasEnded =
        state === undefined ? (await this.#indexAfter(found, file.identity, rotated)) < rotated.length : !isSame;
      if (size > lines.readOffset || hasEnded) {
        if (cause === "poll" && !watch.isPolling) await this.#doubt(version);
        return size > lines.readOffset ? file : this.#openNext(file, signal);
      }
      onCaughtUp();
      const reason = this.#forbidden || `${path} is not there`;
      onWaiting(state === undefined ? reason : undefined, undefined, found >= 0);
      await watch.arm();
      cause = await watch.wait(version, signal);
    }
    return undefined;
  }

  /** Nobody told of a change that is there; unless that is just about to happen, the watch is of no use. */
  async #doubt(version: number): Promise<void> {
    const { watch } = this.#options;
    // One turn of the loop later what was on its way has arrived.
    await this.#look();
    if (watch.version === version) watch.distrust();
  }

  /** State of what is under the path; undefined when there is nothing, or it is not ours to see. */
  async #look(): Promise<FileState | undefined> {
    this.#forbidden = "";
    try {
      return await statFile(this.#options.path);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#forbidden = error.message;
      return undefined;
    }
  }

  /** @param found - where `locate` found it. */
  async #indexAfter(found: number, identity: FileIdentity, rotated: readonly RotatedFile[]): Promise<number> {
    return found < 0 ? firstWrittenSince(rotated, identity.modifiedMs) : found + 1;
  }

  /** True when the folder is still as it was listed: only then does "not found" mean that it is gone. */
  async #isUnchanged(rotated: readonly RotatedFile[]): Promise<boolean> {
    const now = await this.#options.listRotated(this.#options.path);
    return (
      now.length === rotated.length &&
      now.every((file, at) => file.path === rotated[at]?.path && file.rotatedAt === rotated[at].rotatedAt)
    );
  }

  async #openNext(file: ExportFile, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { lines, onChange, onPartialLine } = this.#options;
    // When it was written to last: from then on, if it is gone, nothing is known.
    if (!file.isCompressed) await file.state();
    const { identity } = file;
    const readOffset = lines.nextOffset;
    // The writer is done with this file: an unfinished line stays unfinished.
    if (lines.hasPartialLine) onPartialLine();
    await file.close();
    const next = await this.#openFollowing(identity, readOffset, identity.modifiedMs, signal);
    if (next !== undefined) onChange("rotated");
    return next;
  }

  /** After an absence: the same file where it was left, wherever it is now, else the oldest one that is newer. */
  async #openAfterAbsence(
    position: FilePosition,
    savedAtMs: number,
    signal: AbortSignal,
  ): Promise<ExportFile | undefined> {
    const { path } = this.#options;
    while (!signal.aborted) {
      const rotated = await this.#options.listRotated(path);
      const at = await locate(path, rotated, position);
      if (at >= 0) {
        const file = await this.#openAgain(rotated[at]?.path ?? path, position, position.offset, signal);
        if (file !== undefined) return file;
      } else if (await this.#isUnchanged(rotated)) {
        return this.#openFollowing(position, 0, savedAtMs, signal);
      }
    }
    return undefined;
  }

  /**
   * Opens a file that was located a moment ago where reading stopped.
   *
   * @returns undefined when something else is under its path by now: it was renamed or compressed meanwhile.
   */
  async #openAgain(
    path: string,
    identity: FileIdentity,
    offset: number,
    signal: AbortSignal,
  ): Promise<ExportFile | undefined> {
    const file = await this.#open(path, offset, signal);
    if (file === undefined) return undefined;
    if (!isSame(file, identity)) {
      await file.close();
      return undefined;
    }
    if (!file.isCompressed && (await file.state()).size < offset) return this.#restart(file, signal);
    return file;
  }

  /** @param lostSinceMs - what was written after this is lost when the file itself is not found any more. */
  async #openFollowing(
    identity: FileIdentity,
    readOffset: number,
    lostSinceMs: number,
    signal: AbortSignal,
  ): Promise<ExportFile | undefined> {
    const { path, watch, listRotated, onLost } = this.#options;
    while (!signal.aborted) {
      const { version } = watch;
      const rotated = await listRotated(path);
      const found = await locate(path, rotated, identity);
      const at = await this.#indexAfter(found, identity, rotated);
      // Found under the path itself: a copy took its place, so the content goes on where it was left.
      if (at > rotated.length) {
        const copy = await this.#openAgain(path, identity, readOffset, signal);
        if (copy !== undefined) return copy;
        continue;
      }
      const isGone = found < 0;
      const next = rotated[at];
      const file =
        next === undefined
          ? await this.#openOrWait(version, signal, isGone ? lostSinceMs : undefined, !isGone)
          : await this.#open(next.path, 0, signal);
      if (file === undefined) continue;
      // One more rotation since the folder was listed: the file in between comes first, and names may move on.
      if (await this.#isUnchanged(rotated)) {
        if (isGone) onLost(lostSinceMs, file.bornMs);
        return file;
      }
      await file.close();
    }
    return undefined;
  }

  async #openWhenThere(signal: AbortSignal): Promise<ExportFile | undefined> {
    while (!signal.aborted) {
      const file = await this.#openOrWait(this.#options.watch.version, signal);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** @returns undefined when there was no file; something has changed since `version`. */
  async #openOrWait(
    version: number,
    signal: AbortSignal,
    sinceMs?: number,
    isRotation = false,
  ): Promise<ExportFile | undefined> {
    const { path, watch, onWaiting } = this.#options;
    const file = await this.#open(path, 0, signal);
    if (file !== undefined || this.#forbidden !== "") return file;
    onWaiting(`${path} is not there yet`, sinceMs, isRotation);
    await watch.arm();
    await watch.wait(version, signal);
    return undefined;
  }

  /** Truncated in place, or replaced by other content under the same inode. */
  async #wasRewritten(file: ExportFile, size: number): Promise<boolean> {
    if (size < this.#options.lines.readOffset) return true;
    if (file.firstLine === "") return false;
    return (await file.currentFirstLine()) !== file.firstLine;
  }

  /** A compressed file was written to: read on where it was left, unless it became another one. */
  async #openWritten(file: ExportFile, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { path, firstLine } = file;
    if (firstLine !== "" && (await firstLineOf(path)) !== firstLine) return this.#restart(file, signal);
    const offset = this.#options.lines.nextOffset;
    await file.close();
    return (await this.#open(path, offset, signal)) ?? this.#openWhenThere(signal);
  }

  async #restart(file: ExportFile, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { lines, onChange, onPartialLine } = this.#options;
    if (lines.hasPartialLine) onPartialLine();
    onChange("truncated");
    const { path } = file;
    await file.close();
    return (await this.#open(path, 0, signal)) ?? this.#openWhenThere(signal);
  }

  /** @returns undefined when there is no file, or it was not ours to read: then something may have changed since. */
  async #open(path: string, offset: number, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { watch, onWaiting } = this.#options;
    const { version } = watch;
    this.#forbidden = "";
    let file: ExportFile | undefined;
    try {
      file = await openExportFile(path, offset);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#forbidden = error.message;
      onWaiting(error.message);
      await watch.arm();
      await watch.wait(version, signal);
    }
    if (file === undefined) return undefined;
    try {
      this.#options.lines.reset(offset, await file.isInsideLine(offset));
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#options.onWaiting(undefined);
    return file;
  }
}

/** The same file by what tells files apart: the first line, and while there is none the inode. */
function isSame(file: ExportFile, identity: FileIdentity): boolean {
  if (identity.firstLine !== "") return file.firstLine === identity.firstLine;
  return file.dev === identity.dev && file.inode === identity.inode;
}

/** True when a file that could not be read says nothing about the ones after it. @internal */
export function isDamage(error: unknown): boolean {
  return ["Z_DATA_ERROR", "Z_BUF_ERROR", "Z_MEM_ERROR", "ERR_STREAM_PREMATURE_CLOSE"].some((code) =>
    hasCode(error, code),
  );
}
