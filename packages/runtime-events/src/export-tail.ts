import { hasCode } from "@kinglet/errors";
import type { FilePosition } from "./checkpoint.ts";
import { openExportFile, statFile, type ExportFile, type FileIdentity } from "./export-file.ts";
import { firstWrittenSince, locate, type RotatedFile } from "./export-folder.ts";
import type { FolderWatch } from "./folder-watch.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** Where reading begins. @internal */
export type StartPlace =
  | { readonly at: "end" }
  | { readonly at: "beginning" }
  /** A former run stopped here; `position` undefined: it never saw a file. */
  | { readonly at: "checkpoint"; readonly position: FilePosition | undefined; readonly savedAtMs: number };

/** What happened to the file on the way. @internal */
export type TailChange = "rotated" | "truncated" | "lost";

/** Settings of an {@link ExportTail}. @internal */
export interface ExportTailOptions {
  readonly path: string;
  /** The file's predecessors, oldest first; how they are named is the writer's choice. */
  readonly listRotated: (path: string) => Promise<readonly RotatedFile[]>;
  readonly watch: FolderWatch;
  readonly lines: LineBuffer;
  readonly onChange: (change: TailChange) => void;
  /** The file was cut in the middle of a line. */
  readonly onPartialLine: () => void;
  /** Nothing to read for now: undefined while the file is followed, else why there is none. */
  readonly onWaiting: (reason: string | undefined) => void;
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
        : this.#openAfterAbsence(position, signal);
    }
    const { path } = this.#options;
    const newest = (await this.#options.listRotated(path)).at(-1)?.rotatedAt ?? "";
    const state = place.at === "end" ? await statFile(path) : undefined;
    const file = state === undefined ? undefined : await this.#open(path, state.size);
    return file ?? this.#openFirstAfter(newest, signal);
  }

  /** There was no file when the checkpoint was saved: all that has come since is news. */
  async #openFirstSince(savedAtMs: number, signal: AbortSignal): Promise<ExportFile | undefined> {
    while (!signal.aborted) {
      const rotated = await this.#options.listRotated(this.#options.path);
      const first = rotated[await firstWrittenSince(rotated, savedAtMs)];
      // By this listing, not a later one: what is rotated from now on is news too.
      if (first === undefined) return this.#openFirstAfter(rotated.at(-1)?.rotatedAt ?? "", signal);
      const file = await this.#open(first.path, 0);
      // Else it was renamed or compressed meanwhile.
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** Waits for the first file; it may have been rotated away, even more than once, by the time that is noticed. */
  async #openFirstAfter(newest: string, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { path, watch } = this.#options;
    while (!signal.aborted) {
      const { version } = watch;
      const first = (await this.#options.listRotated(path)).find((rotated) => rotated.rotatedAt > newest);
      const file = first === undefined ? await this.#openOrWait(version, signal) : await this.#open(first.path, 0);
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
    const { path, watch, lines, onWaiting } = this.#options;
    if (file.path !== path) return this.#openNext(file, signal);
    let cause: "change" | "poll" = "change";
    while (!signal.aborted) {
      const version = watch.version;
      const state = await statFile(path);
      const isSame = state !== undefined && state.inode === file.inode && state.dev === file.dev;
      const size = isSame ? state.size : (await file.state()).size;
      if (isSame) file.modifiedMs = state.modifiedMs;
      if (isSame && (await this.#wasRewritten(file, size))) return this.#restart(file, signal);
      const hasEnded = state === undefined ? await this.#hasSuccessor(file.identity) : !isSame;
      if (size > lines.readOffset || hasEnded) {
        if (cause === "poll" && !watch.isPolling) watch.distrust();
        return size > lines.readOffset ? file : this.#openNext(file, signal);
      }
      onWaiting(state === undefined ? `${path} is not there` : undefined);
      await watch.arm();
      cause = await watch.wait(version, signal);
    }
    return undefined;
  }

  /** The file was renamed, and the one after it too before it was seen under the path. */
  async #hasSuccessor(identity: FileIdentity): Promise<boolean> {
    const rotated = await this.#options.listRotated(this.#options.path);
    return (await this.#indexAfter(identity, rotated)) < rotated.length;
  }

  async #indexAfter(identity: FileIdentity, rotated: readonly RotatedFile[]): Promise<number> {
    const at = await locate(this.#options.path, rotated, identity);
    return at < 0 ? firstWrittenSince(rotated, identity.modifiedMs) : at + 1;
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
    const { identity } = file;
    const readOffset = lines.nextOffset;
    // The writer is done with this file: an unfinished line stays unfinished.
    if (lines.hasPartialLine) onPartialLine();
    await file.close();
    const next = await this.#openFollowing(identity, readOffset, signal);
    if (next !== undefined) onChange("rotated");
    return next;
  }

  /** After an absence: the same file where it was left, wherever it is now, else the oldest one that is newer. */
  async #openAfterAbsence(position: FilePosition, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { path, onChange } = this.#options;
    while (!signal.aborted) {
      const rotated = await this.#options.listRotated(path);
      const at = await locate(path, rotated, position);
      if (at >= 0) {
        const file = await this.#openAgain(rotated[at]?.path ?? path, position, position.offset, signal);
        if (file !== undefined) return file;
      } else if (await this.#isUnchanged(rotated)) {
        onChange("lost");
        return this.#openFollowing(position, 0, signal);
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
    const file = await this.#open(path, offset);
    if (file === undefined) return undefined;
    if (!isSame(file, identity)) {
      await file.close();
      return undefined;
    }
    if (!file.isCompressed && (await file.state()).size < offset) return this.#restart(file, signal);
    return file;
  }

  async #openFollowing(
    identity: FileIdentity,
    readOffset: number,
    signal: AbortSignal,
  ): Promise<ExportFile | undefined> {
    const { path, watch } = this.#options;
    while (!signal.aborted) {
      const { version } = watch;
      const rotated = await this.#options.listRotated(path);
      const at = await this.#indexAfter(identity, rotated);
      // Found under the path itself: a copy took its place, so the content goes on where it was left.
      if (at > rotated.length) {
        const copy = await this.#openAgain(path, identity, readOffset, signal);
        if (copy !== undefined) return copy;
        continue;
      }
      const next = rotated[at];
      if (next === undefined) {
        const file = await this.#openOrWait(version, signal);
        if (file === undefined) continue;
        if ((await this.#options.listRotated(path)).at(-1)?.rotatedAt === rotated.at(-1)?.rotatedAt) return file;
        // One more rotation since the folder was listed: the file in between comes first.
        await file.close();
        continue;
      }
      const file = await this.#open(next.path, 0);
      if (file === undefined) continue;
      // Names may move on from file to file with every rotation.
      if (await this.#isUnchanged(rotated)) return file;
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
  async #openOrWait(version: number, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { path, watch, onWaiting } = this.#options;
    const file = await this.#open(path, 0);
    if (file !== undefined) return file;
    onWaiting(`${path} is not there yet`);
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

  async #restart(file: ExportFile, signal: AbortSignal): Promise<ExportFile | undefined> {
    const { lines, onChange, onPartialLine } = this.#options;
    if (lines.hasPartialLine) onPartialLine();
    onChange("truncated");
    const { path } = file;
    await file.close();
    return (await this.#open(path, 0)) ?? this.#openWhenThere(signal);
  }

  async #open(path: string, offset: number): Promise<ExportFile | undefined> {
    const file = await openExportFile(path, offset);
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
