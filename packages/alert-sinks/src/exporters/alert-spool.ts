import type { Alert } from "@kinglet/detection";
import { encodeLine, readLines } from "@kinglet/durable-files";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";

import type { LossState } from "./loss-record.ts";
import { SpoolFiles } from "./spool-files.ts";
import { SpoolTail } from "./spool-tail.ts";

/** @internal */
export interface AlertSpoolOptions {
  /** Of this spool alone; it and the one above it are made with the first alert, mode 0700. */
  readonly folder: string;
  /** Bound of all files together, bytes; one alert may exceed it. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Alerts that had to make room, or that cannot be read any more. */
  readonly onLost: (reason: "overflow" | "spool", count: number) => void;
}

/** An alert with its number in the spool; numbers only grow. @internal */
export interface SpooledAlert {
  readonly alert: Alert;
  readonly position: number;
}

interface Segment {
  readonly number: number;
  /** Up to the end of the last whole line. */
  bytes: number;
  /** Alerts that nobody has read yet. */
  unread: number;
  /** Number of its last alert; 0 while it holds none. */
  last: number;
}

/** A file of the spool is a sixteenth of it: what gives way when it is full. */
const segmentsPerSpool = 16;

/**
 * Alerts on disk that a receiver has not confirmed yet: whoever is killed finds them again.
 *
 * Files of checked lines, numbered, each at most a sixteenth of the bound: an alert with its number, or `done`: everything up to this number
 * is delivered. Files go as soon as all that is in them is delivered, and when nothing waits the last one is empty.
 *
 * Guarantees: an alert whose `append` resolved is read again after `kill -9` unless `settle` was called for it, in order; one whose `settle`
 * was under way may come twice. When it is full, the oldest file that nobody is reading gives way, and `onLost` counts what it held. What
 * cannot be read is moved aside as `NUMBER.damaged` (one at most is kept), and the rest is used. A power cut may cost what came in the
 * last second: what is not delivered by then is synced, once a second at most, and nobody waits for it.
 *
 * Cost: one write per alert, one per confirmation; nothing while there is nothing to do. No timer while nothing waits, no file before the first alert.
 *
 * @internal
 */
export class AlertSpool {
  readonly #options: AlertSpoolOptions;
  readonly #segmentBytes: number;
  readonly #files: SpoolFiles;
  /** Open for the last segment. */
  readonly #tail: SpoolTail;
  #segments: Segment[] = [];
  #opened = false;
  #position = 0;
  #done = 0;
  /** Where reading goes on. */
  #readSegment = 0;
  #readOffset = 0;
  #losses: LossState | undefined;
  /** What the files said when they were opened. */
  #foundLosses: LossState | undefined;
  #isNoting = false;
  /** One thing at a time, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AlertSpoolOptions) {
    this.#options = options;
    this.#segmentBytes = Math.max(4096, Math.floor(options.maxBytes / segmentsPerSpool));
    const { clock, folder, logger, onLost } = options;
    this.#files = new SpoolFiles({ folder, logger, onDamaged: (count) => onLost("spool", count) });
    this.#tail = new SpoolTail({ files: this.#files, folder, clock, logger, isNeeded: () => !this.#isSettled });
  }

  /** Alerts that wait on disk and were not read yet. */
  get unread(): number {
    return this.#segments.reduce((total, { unread }) => total + unread, 0);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#segments.reduce((total, { bytes }) => total + bytes, 0);
  }

  /**
   * Takes over what an earlier process left; further calls do nothing.
   *
   * @returns what the receiver missed and was not told, as that process knew it.
   * @throws errors of the file system; the next call tries again.
   */
  open(): Promise<LossState | undefined> {
    return this.#next(async () => {
      await this.#open();
      return this.#foundLosses;
    });
  }

  /**
   * Writes an alert.
   *
   * @param isTaken - called when everything before it has been read: true when the caller keeps it, so that it need not be read again.
   * @returns its number, and whether the caller keeps it.
   * @throws errors of the file system; then it is not on disk.
   */
  append(alert: Alert, isTaken: () => boolean): Promise<{ readonly position: number; readonly isTaken: boolean }> {
    return this.#next(async () => {
      await this.#open();
      const position = this.#position + 1;
      const line = Buffer.from(encodeLine({ n: position, alert }), "utf8");
      const segment = await this.#roomFor(line.length);
      await this.#write(segment, line);
      this.#position = position;
      segment.last = position;
      const isRead = this.unread === 0 && isTaken();
      if (isRead) this.#readTo(segment);
      else segment.unread += 1;
      this.#tail.written();
      return { position, isTaken: isRead };
    });
  }

  /** The next alerts that wait, oldest first; empty when there are none. */
  read(maxAlerts: number): Promise<SpooledAlert[]> {
    return this.#next(async () => {
      const alerts: SpooledAlert[] = [];
      for (const segment of this.#segments) {
        if (segment.number < this.#readSegment) continue;
        if (segment.number > this.#readSegment) {
          this.#readSegment = segment.number;
          this.#readOffset = 0;
        }
        if (segment.unread > 0) await this.#readFrom(segment, maxAlerts, alerts);
        if (alerts.length >= maxAlerts) break;
      }
      return alerts;
    });
  }

  /**
   * Everything up to this number is delivered, or counted as lost. When that cannot be written it comes again after a restart. Never rejects.
   *
   * @param losses - what the receiver is still to be told; undefined when nothing.
   */
  settle(position: number, losses: LossState | undefined): Promise<void> {
    return this.#next(async () => {
      this.#done = Math.max(this.#done, position);
      this.#losses = losses;
      if (this.#isSettled) this.#tail.settled();
      try {
        await this.#writeState();
      } catch (error) {
        this.#options.logger.debug("what was delivered could not be recorded", { folder: this.#options.folder, error });
      }
    });
  }

  /** The receiver missed something; written soon, together with what comes meanwhile. */
  note(losses: LossState): void {
    this.#losses = losses;
    if (this.#isNoting) return;
    this.#isNoting = true;
    void this.#next(async () => {
      this.#isNoting = false;
      await this.#open();
      await this.#writeState();
      this.#tail.written();
    }).catch(() => {
      // It stays in memory, and the next one writes all of it.
    });
  }

  close(): Promise<void> {
    return this.#next(() => this.#tail.close());
  }

  /** Nothing waits, and nothing is to be told. */
  get #isSettled(): boolean {
    return this.#done >= this.#position && this.#losses === undefined;
  }

  #next<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    const firsts = new Map<Segment, number>();
    this.#segments = [];
    for (const number of await this.#files.numbers()) {
      const segment: Segment = { number, bytes: 0, unread: 0, last: 0 };
      const lines = await this.#files.scan(number, (record) => this.#found(record, segment, firsts));
      if (lines === undefined) continue;
      segment.bytes = lines.endOffset;
      this.#segments.push(segment);
    }
    for (const segment of this.#segments) {
      if (segment.last <= this.#done) segment.unread = 0;
      else if ((firsts.get(segment) ?? 0) <= this.#done) {
        segment.unread = 0;
        await readLines(this.#files.path(segment.number), 0, (record) => {
          if (numberOf(record) > this.#done) segment.unread += 1;
          return true;
        });
      }
    }
    this.#position = Math.max(this.#done, this.#position);
    // What was noted meanwhile is of this process.
    this.#losses ??= this.#foundLosses;
    this.#opened = true;
    if (this.unread > 0) {
      const { folder, logger } = this.#options;
      logger.info("alerts of an earlier run wait for their receiver", { folder, alerts: this.unread });
    }
  }

  #found(record: unknown, segment: Segment, firsts: Map<Segment, number>): void {
    const number = numberOf(record);
    if (number > 0) {
      segment.unread += 1;
      segment.last = Math.max(segment.last, number);
      this.#position = Math.max(this.#position, number);
      if (!firsts.has(segment)) firsts.set(segment, number);
      return;
    }
    const { done, losses } = (record ?? {}) as { readonly done?: unknown; readonly losses?: LossState };
    if (typeof done === "number") this.#done = Math.max(this.#done, done);
    this.#foundLosses = losses;
  }

  /** The segment to append to; makes room for so many bytes. */
  async #roomFor(bytes: number): Promise<Segment> {
    let segment = this.#segments.at(-1);
    if (segment === undefined || (segment.bytes > 0 && segment.bytes + bytes > this.#segmentBytes)) {
      this.#files.makeFolder();
      this.#tail.leave();
      segment = { number: (segment?.number ?? 0) + 1, bytes: 0, unread: 0, last: 0 };
      this.#segments.push(segment);
      // Each file begins with what is known: those before it may go.
      if (segment.number > 1) await this.#write(segment, this.#stateLine());
      await this.#removeDone();
    }
    while (this.bytes + bytes > this.#options.maxBytes) {
      const oldest = this.#segments.find((one) => one !== segment && one.number > this.#readSegment);
      if (oldest === undefined) break;
      await this.#remove(oldest);
      if (oldest.unread > 0) this.#options.onLost("overflow", oldest.unread);
    }
    return segment;
  }

  async #write(segment: Segment, line: Uint8Array): Promise<void> {
    segment.bytes = await this.#tail.append(segment.number, segment.bytes, line);
  }

  #stateLine(): Buffer {
    return Buffer.from(encodeLine({ done: this.#done, losses: this.#losses }), "utf8");
  }

  async #writeState(): Promise<void> {
    const segment = this.#segments.at(-1);
    const isAllDone = this.#done >= this.#position;
    if (segment === undefined || (isAllDone && this.#losses === undefined && this.#segments.length === 1)) {
      if (segment !== undefined && segment.bytes > 0) await this.#empty(segment);
      if (segment !== undefined || this.#losses === undefined) return;
    }
    const line = this.#stateLine();
    const current = await this.#roomFor(line.length);
    await this.#write(current, line);
    if (this.unread === 0) this.#readTo(current);
    await this.#removeDone();
    if (isAllDone && this.#losses === undefined && this.#segments.length === 1) await this.#empty(current);
  }

  /** Nothing waits: the file shrinks to nothing in one step. */
  async #empty(segment: Segment): Promise<void> {
    await this.#tail.empty(segment.number, segment.bytes);
    segment.bytes = 0;
    this.#readTo(segment);
  }

  /** Removes the files before the last one in which everything is delivered; nothing of them is needed to know that. */
  async #removeDone(): Promise<void> {
    const current = this.#segments.at(-1);
    for (const segment of [...this.#segments]) {
      if (segment === current || segment.last > this.#done || segment.unread > 0) continue;
      await this.#remove(segment);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#files.remove(segment.number);
    this.#segments = this.#segments.filter((one) => one !== segment);
  }

  async #readFrom(segment: Segment, maxAlerts: number, alerts: SpooledAlert[]): Promise<void> {
    let ended: unknown;
    try {
      await readLines(this.#files.path(segment.number), this.#readOffset, (record, endOffset) => {
        this.#readOffset = endOffset;
        const position = numberOf(record);
        if (position <= this.#done) return true;
        segment.unread -= 1;
        alerts.push({ alert: (record as { readonly alert: Alert }).alert, position });
        return alerts.length < maxAlerts && segment.unread > 0;
      });
    } catch (error) {
      ended = error;
    }
    if (segment.unread === 0 || (alerts.length >= maxAlerts && ended === undefined)) return;
    // The file ended before its alerts did: somebody else removed or shortened it.
    this.#files.reportDamage(segment.number, segment.unread, ended);
    segment.unread = 0;
  }

  #readTo(segment: Segment): void {
    this.#readSegment = segment.number;
    this.#readOffset = segment.bytes;
  }
}

/** 0: the record is no alert. */
function numberOf(record: unknown): number {
  const { n } = (record ?? {}) as { readonly n?: unknown };
  return typeof n === "number" ? n : 0;
}
