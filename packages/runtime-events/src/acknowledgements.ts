import type { ConfirmedAlert, FilePosition } from "./checkpoint.ts";
import type { FileIdentity } from "./export-file.ts";

const maxConfirmed = 1024;
/** 2.5 MB. */
const maxOpen = 65_536;

interface Segment {
  /** Shared with the reader, so that a first line that completes later is seen here. */
  readonly file: { readonly identity: FileIdentity };
  readonly fromSequence: number;
}

interface Confirmed {
  sequence: number;
  readonly at: FilePosition;
}

/**
 * Knows which delivered events are still open, and so from where a restart has to read again.
 *
 * @internal
 */
export class Acknowledgements {
  /** Open events: sequence to the offset where the line begins, in order of delivery. */
  readonly #open: Map<number, number> = new Map();
  /** Which sequences belong to which file, oldest first. */
  #segments: Segment[] = [];
  /** Alerts that left, by unique id; only those whose event a restart would read again. */
  readonly #confirmed: Map<string, Confirmed> = new Map();
  /** Alerts of a former run whose events have not come by again yet, by place. */
  readonly #former: Map<string, string[]> = new Map();
  readonly #maxOpen: number;
  #room: PromiseWithResolvers<void> | undefined;

  /** @param bound - events that may be open before {@link Acknowledgements.untilRoom} asks to wait. */
  constructor(bound: number = maxOpen) {
    this.#maxOpen = bound;
  }

  /** Events that are not acknowledged. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Takes over what a former run confirmed. */
  restore(confirmed: readonly ConfirmedAlert[]): void {
    for (const { uniqueId, at } of confirmed.slice(-maxConfirmed)) {
      this.#confirmed.set(uniqueId, { sequence: Number.POSITIVE_INFINITY, at });
      const key = placeKey(at, at.offset);
      this.#former.set(key, [...(this.#former.get(key) ?? []), uniqueId]);
    }
  }

  /** Events from this sequence on come from this file. */
  startFile(file: { readonly identity: FileIdentity }, fromSequence: number): void {
    this.#segments.push({ file, fromSequence });
  }

  delivered(sequence: number, offset: number): void {
    this.#open.set(sequence, offset);
    if (this.#former.size === 0) return;
    const key = placeKey(this.#segmentOf(sequence).file.identity, offset);
    for (const uniqueId of this.#former.get(key) ?? []) {
      const confirmed = this.#confirmed.get(uniqueId);
      if (confirmed !== undefined) confirmed.sequence = sequence;
    }
    this.#former.delete(key);
  }

  /** @returns true when the event was open. */
  acknowledge(sequence: number): boolean {
    const wasOpen = this.#open.delete(sequence);
    if (this.#room !== undefined && this.#open.size < this.#maxOpen) {
      this.#room.resolve();
      this.#room = undefined;
    }
    return wasOpen;
  }

  /** Undefined while more may be read; else, because a file keeps what nobody has taken, resolves once there is room again. */
  untilRoom(): Promise<void> | undefined {
    if (this.#open.size < this.#maxOpen) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /**
   * The alert of this event left.
   *
   * @returns false when there is nothing to remember: the event is acknowledged and so is everything before it.
   */
  confirm(sequence: number, uniqueId: string): boolean {
    const lowest = this.#lowestOpen();
    if (lowest === undefined || lowest > sequence) return false;
    const offset = this.#open.get(sequence);
    // Acknowledged before it was confirmed: its place is not known any more, so it counts from its file's beginning.
    const at = { ...this.#segmentOf(sequence).file.identity, offset: offset ?? 0 };
    this.#confirmed.set(uniqueId, { sequence, at });
    if (this.#confirmed.size > maxConfirmed) {
      for (const oldest of this.#confirmed.keys()) {
        this.#confirmed.delete(oldest);
        break;
      }
    }
    return true;
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#confirmed.has(uniqueId);
  }

  /**
   * Everything that was there at the start has been read: alerts of a former run whose event did not come by again are
   * forgotten once what is open now is done with.
   */
  caughtUp(lastSequence: number): void {
    if (this.#former.size === 0) return;
    this.#former.clear();
    for (const confirmed of this.#confirmed.values()) {
      if (confirmed.sequence === Number.POSITIVE_INFINITY) confirmed.sequence = lastSequence;
    }
  }

  /**
   * From where a restart has to read, and what it need not repeat; forgets what lies before.
   *
   * @param readOffset - behind the last line taken from the newest file.
   */
  mark(readOffset: number): { position: FilePosition | undefined; confirmed: ConfirmedAlert[] } {
    const lowest = this.#lowestOpen();
    const newest = this.#segments.at(-1);
    if (newest === undefined) return { position: undefined, confirmed: this.#confirmedList() };
    const segment = lowest === undefined ? newest : this.#segmentOf(lowest);
    const offset = lowest === undefined ? readOffset : this.#open.get(lowest)!; // lowest is a key of #open
    this.#segments = this.#segments.slice(this.#segments.indexOf(segment));
    for (const [uniqueId, confirmed] of this.#confirmed) {
      const isBehind =
        lowest === undefined ? confirmed.sequence !== Number.POSITIVE_INFINITY : confirmed.sequence < lowest;
      if (isBehind) this.#confirmed.delete(uniqueId);
    }
    return { position: { ...segment.file.identity, offset }, confirmed: this.#confirmedList() };
  }

  #confirmedList(): ConfirmedAlert[] {
    return [...this.#confirmed].map(([uniqueId, { at }]) => ({ uniqueId, at }));
  }

  #lowestOpen(): number | undefined {
    for (const sequence of this.#open.keys()) return sequence;
    return undefined;
  }

  #segmentOf(sequence: number): Segment {
    for (let at = this.#segments.length - 1; at > 0; at--) {
      const segment = this.#segments[at]!; // 0 < at < length
      if (segment.fromSequence <= sequence) return segment;
    }
    return this.#segments[0]!; // an event is delivered only after its file was started
  }
}

/** The first line says which file it is; inodes change when a file is compressed. */
function placeKey(file: FileIdentity, offset: number): string {
  return `${file.firstLine === "" ? file.inode : file.firstLine}:${offset}`;
}
