import { statSync } from "node:fs";
import type { Clock } from "@kinglet/lifecycle";
import type { RuntimeEventSource, SourceHealth, SourcePosition } from "@kinglet/runtime-events";

/** What is waited for, and who tells. @internal */
export interface CatchUpOptions {
  readonly source: Pick<RuntimeEventSource, "health">;
  /** What the sources that read a file read, by their names. */
  readonly files: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** Longer than an event that was read waits for its container, the first look at a profile and its peer. Milliseconds. */
const maxUnderWayMs = 35_000;
/** The kernel's audit tells an event in several records, which are one when no more have followed for a while. Milliseconds. */
const joinedWithinMs = 1_000;
/** How much a compressed file holds is known once it was read: when reading stands still for so long, and nothing is under way. Milliseconds. */
const stillMs = 1_000;

/**
 * Tells whether everything was recorded that the event files hold at the time of this call, and that was received by then.
 *
 * A file that is not there, as between its renaming and the next one's first line, is looked at again when it is asked: what it holds later
 * includes what it held now. One that stays away is not waited for: its source has read what came before, and calls the time blind. A source
 * that has not opened its file yet has read nothing of it. Of sources without a file only what they received is known.
 *
 * Cost: a look at each file, and one at the source's health each time that it is asked.
 *
 * @internal
 */
export function catchUp({ source, files, clock }: CatchUpOptions): () => boolean {
  const ends = new Map<string, FileEnd>();
  for (const [name, path] of Object.entries(files)) if (path !== undefined) ends.set(name, new FileEnd(path));
  let readAtMs: number | undefined;
  const isTold = (): boolean => {
    const health: SourceHealth & { readonly sources?: readonly SourceHealth[] } = source.health();
    let isRead = true;
    let joinMs = 0;
    for (const told of health.sources ?? [health]) {
      if (ends.get(told.name)?.isReached(told, clock.monotonicMs()) === false) isRead = false;
      if (told.name === "linux-audit") joinMs = joinedWithinMs;
    }
    if (!isRead) return false;
    const now = clock.monotonicMs();
    readAtMs ??= now;
    if (now - readAtMs < joinMs) return false;
    // What a receiver of alerts does not take stays open for longer, but was recorded before.
    return health.openEvents + (health.waitingEvents ?? 0) === 0 || now - readAtMs >= maxUnderWayMs;
  };
  // Where the files end now, and where reading is.
  isTold();
  return isTold;
}

/** Where a file ended, which may be rotated before it is read so far. */
class FileEnd {
  readonly #path: string;
  #written: { readonly inode: string; readonly size: bigint } | undefined;
  /** What was read then, when it had been opened under the path. */
  #readThen = "";
  #isReached = false;
  #readOffset = -1;
  #stillSinceMs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  isReached({ position, connected, blindIntervals, openEvents }: SourceHealth, nowMs: number): boolean {
    if (openEvents > 0 || position?.readOffset !== this.#readOffset) this.#stillSinceMs = nowMs;
    this.#readOffset = position?.readOffset ?? -1;
    if (this.#written === undefined) this.#look(position);
    const isAway =
      this.#written === undefined && !connected && blindIntervals.some(({ untilMs }) => untilMs === undefined);
    this.#isReached ||= isAway || this.#isBehind(position, nowMs);
    return this.#isReached;
  }

  #isBehind(position: SourcePosition | undefined, nowMs: number): boolean {
    const written = this.#written;
    if (written === undefined || position === undefined) return false;
    const { path, inode, readOffset } = position;
    if (inode === written.inode) {
      return path.endsWith(".gz") ? nowMs - this.#stillSinceMs >= stillMs : BigInt(readOffset) >= written.size;
    }
    // What was opened under another name was rotated away before. What was opened under this one, and not before, is newer.
    return path === this.#path && inode !== this.#readThen;
  }

  #look(position: SourcePosition | undefined): void {
    try {
      const { ino, size } = statSync(this.#path, { bigint: true });
      this.#written = { inode: String(ino), size };
      this.#readThen = position?.path === this.#path ? position.inode : "";
    } catch {
      // Not there, or not for us to see: the next time.
    }
  }
}
