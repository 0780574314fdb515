import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { Exchange } from "../requests/exchange.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { ApiRefusal } from "../refusals/api-refusal.ts";
import { expired } from "../refusals/refusals.ts";
import type { Representation } from "../representation/representation.ts";
import { bookmarkFrame, errorFrame, watchMediaType, type WatchFrames } from "../representation/watch-frames.ts";
import type { ResourceTable, StoreEvent } from "../storage/resource-table.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import { WatchFault } from "../faults/watch-fault.ts";

/** What a watch needs to know. */
export interface WatchStreamOptions {
  readonly exchange: Exchange;
  readonly table: ResourceTable;
  readonly resource: SimResource;
  readonly representation: Representation;
  /** Frames that watches share. */
  readonly frames: WatchFrames;
  readonly matches: (object: KubeObject) => boolean;
  /** Revision of the whole store, now. */
  readonly storeRevision: () => bigint;
  readonly clock: Clock;
  /** Milliseconds between bookmarks; undefined sends none. */
  readonly bookmarkIntervalMs: number | undefined;
  /** Milliseconds after which the server ends the watch. */
  readonly timeoutMs: number;
}

/** Bookmarks also come this long before the server ends a watch. */
const LAST_BOOKMARK_MS = 2000;

/**
 * One open watch.
 *
 * It reads the table's history at its own pace: nothing is queued for a slow client, and one that falls behind the bounded
 * history gets an in-stream 410 as from the real server.
 */
export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #timers = new Set<ClockTimer>();
  #initial: Iterator<KubeObject> | undefined;
  #endOfInitial: bigint | undefined;
  #nextIndex = 0;
  #after = 0n;
  #isBlocked = false;
  #isFirst = true;
  readonly #fault: WatchFault | undefined;
  #isClosed = false;
  #stopListening: (() => void) | undefined;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    const { fault } = options.exchange;
    if (fault !== undefined) this.#fault = new WatchFault(fault);
  }

  /**
   * Sends the head and everything there is to send, then follows the table until the client goes or time is up.
   *
   * @param start - `after`: events after this revision; `initial`: objects sent as ADDED first; `endOfInitial`: close them with
   * the annotated bookmark of a streaming list at this revision; `refusal`: the only event.
   */
  open(start: {
    readonly after: bigint;
    readonly initial?: Iterable<KubeObject> | undefined;
    readonly endOfInitial?: bigint | undefined;
    readonly refusal?: ApiRefusal | undefined;
  }): void {
    const { exchange, table } = this.#options;
    this.#initial = start.initial?.[Symbol.iterator]();
    this.#endOfInitial = start.endOfInitial;
    this.#after = start.after;
    exchange.start(200, watchMediaType(this.#options.representation));
    exchange.response.on("close", () => this.close());
    if (start.refusal !== undefined) {
      this.fail(start.refusal);
      return;
    }
    exchange.response.on("drain", () => {
      this.#isBlocked = false;
      this.#pump();
    });
    const index = table.indexAfter(start.after);
    if (index === undefined) {
      this.#expire(start.after);
      return;
    }
    this.#nextIndex = this.#fault?.startIndex(index, table) ?? index;
    if (this.#nextIndex < index) this.#after = 0n;
    this.#stopListening = table.onChange(() => this.#pump());
    this.#startTimers();
    this.#pump();
  }

  /** Ends the watch; safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening?.();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#options.exchange.end();
  }

  #pump(): void {
    const { table, exchange } = this.#options;
    while (!this.#isClosed && !this.#isBlocked) {
      if (exchange.isOver) {
        this.close();
        return;
      }
      if (this.#pumpInitial()) continue;
      if (this.#nextIndex >= table.endIndex) return;
      const event = table.eventAt(this.#nextIndex);
      if (event === undefined) {
        this.#expire(table.compactedRevision);
        return;
      }
      this.#nextIndex++;
      // A watch may start at a version that does not exist yet: what comes before that is not for it.
      if (event.revision > this.#after) this.#sendEvent(event);
    }
  }

  /** @returns true while it sent something */
  #pumpInitial(): boolean {
    if (this.#initial !== undefined) {
      const next = this.#initial.next();
      if (next.done !== true) {
        this.#sendObject("ADDED", next.value);
        return true;
      }
      this.#initial = undefined;
    }
    if (this.#endOfInitial === undefined) return false;
    const revision = this.#endOfInitial;
    this.#endOfInitial = undefined;
    this.#sendBookmark(revision, { "k8s.io/initial-events-end": "true" });
    return true;
  }

  /** An object that starts or stops matching the selectors comes or goes as far as this watcher can tell. */
  #sendEvent(event: StoreEvent): void {
    const { matches } = this.#options;
    const didMatch = event.previous !== undefined && matches(event.previous);
    const doesMatch = event.type !== "DELETED" && matches(event.object);
    if (doesMatch) this.#sendObject(didMatch ? "MODIFIED" : "ADDED", event.object);
    else if (didMatch) this.#sendObject("DELETED", lastMatchingContent(event));
  }

  #sendObject(type: string, object: KubeObject): void {
    const { resource, representation, frames } = this.#options;
    const shown = (representation.form === "whole" ? this.#fault?.disfigure(object) : undefined) ?? object;
    this.#send(frames.frame(type, shown, resource, representation, this.#isFirst));
  }

  #sendBookmark(revision: bigint, annotations?: Readonly<Record<string, string>>): void {
    const { resource, representation } = this.#options;
    const shown = this.#fault === undefined ? revision : this.#fault.bookmarkRevision(revision);
    if (shown === undefined) return;
    this.#write(bookmarkFrame(shown, annotations, resource, representation, this.#isFirst));
  }

  #send(frame: Buffer): void {
    const fault = this.#fault;
    if (fault === undefined) {
      this.#write(frame);
      return;
    }
    const parts = fault.frames(frame);
    const status = fault.lastStatus;
    if (fault.isOver && status === undefined) {
      this.#options.exchange.writeLast(Buffer.concat(parts));
      return;
    }
    for (const part of parts) this.#write(part);
    if (!fault.isOver || status === undefined) return;
    this.#write(errorFrame(status, this.#options.representation));
    this.close();
  }

  #write(frame: Buffer): void {
    this.#isFirst = false;
    if (!this.#options.exchange.write(frame)) this.#isBlocked = true;
  }

  /** Ends the watch with an event that says why. */
  fail(refusal: ApiRefusal): void {
    this.#write(errorFrame(refusal.body, this.#options.representation));
    this.close();
  }

  #expire(version: bigint): void {
    this.fail(expired(`too old resource version: ${version} (${this.#options.storeRevision()})`));
  }

  #startTimers(): void {
    const { timeoutMs, bookmarkIntervalMs } = this.#options;
    this.#schedule(timeoutMs, () => this.close());
    if (bookmarkIntervalMs === undefined) return;
    const repeat = (): void => {
      this.#bookmarkNow();
      this.#schedule(bookmarkIntervalMs, repeat);
    };
    this.#schedule(bookmarkIntervalMs, repeat);
    if (timeoutMs > LAST_BOOKMARK_MS) this.#schedule(timeoutMs - LAST_BOOKMARK_MS, () => this.#bookmarkNow());
  }

  /** Only a watcher that has seen everything may be told the current revision. */
  #bookmarkNow(): void {
    if (this.#isBlocked || this.#initial !== undefined || this.#nextIndex < this.#options.table.endIndex) return;
    this.#sendBookmark(this.#options.storeRevision());
  }

  #schedule(ms: number, action: () => void): void {
    if (this.#isClosed) return;
    const timer = this.#options.clock.startTimer(() => {
      this.#timers.delete(timer);
      if (!this.#isClosed) action();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}

/** DELETED carries the last content that matched, with the version of the change. */
function lastMatchingContent(event: StoreEvent): KubeObject {
  if (event.type === "DELETED" || event.previous === undefined) return event.object;
  return {
    ...event.previous,
    metadata: { ...event.previous.metadata, resourceVersion: String(event.revision) },
  };
}
