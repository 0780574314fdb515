import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ResourceTable } from "../storage/resource-table.ts";

/** Events of both API groups are kept here. */
const TABLE = "events";

/**
 * Takes Events away when they have not been written for their time to live, whoever wrote them, as the lease that the real server
 * gives them does: watches see them deleted.
 *
 * One timer however many events; about 100 bytes of heap per event.
 */
export class EventExpiry {
  readonly #clock: Clock;
  readonly #store: ObjectStore;
  readonly #table: ResourceTable;
  readonly #ttlMs: number;
  /** Key → due time. In order of due time: all live equally long, and a write moves its event to the end. */
  readonly #due = new Map<string, number>();
  readonly #stopListening: () => void;
  #timer: ClockTimer | undefined;

  constructor(clock: Clock, store: ObjectStore, ttlMs: number) {
    this.#clock = clock;
    this.#store = store;
    this.#table = store.table(TABLE);
    this.#ttlMs = ttlMs;
    this.#stopListening = this.#table.onChange(() => this.#note());
  }

  stop(): void {
    this.#stopListening();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Called after each write, so the newest event of the table is the one to look at. */
  #note(): void {
    const event = this.#table.eventAt(this.#table.endIndex - 1);
    if (event === undefined) return;
    this.#due.delete(event.key);
    if (event.type === "DELETED") return;
    this.#due.set(event.key, this.#clock.monotonicMs() + this.#ttlMs);
    if (this.#timer === undefined) this.#wait(this.#ttlMs);
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonicMs();
    for (const [key, due] of this.#due) {
      if (due > now) {
        this.#wait(due - now);
        return;
      }
      this.#store.remove(TABLE, key);
    }
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.startTimer(() => this.#expire(), Math.ceil(ms));
    this.#timer.unref();
  }
}
