// Hot path: `offer` runs once per event, `flush` once per chunk of the stream.
import type { RuntimeEvent } from "@kinglet/enrichment";
import { EventQueue } from "../event-queue.ts";

type Deliver = (event: RuntimeEvent) => void | Promise<void>;

/**
 * Between a stream that must be read and a consumer that takes its time: a bounded queue, emptied as fast as the consumer allows.
 *
 * @internal
 */
export class EventOutlet {
  readonly #queue: EventQueue;
  #failure: PromiseWithResolvers<never> = Promise.withResolvers<never>();
  #deliver: Deliver | undefined;
  #isWaiting = false;

  constructor(options: { readonly maxEntries: number; readonly onDrop: (event: RuntimeEvent) => void }) {
    this.#queue = new EventQueue(options);
  }

  /** Resolves never, rejects with what the consumer connected last threw. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Events that wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** From now on events go here; undefined: they wait. */
  connect(deliver: Deliver | undefined): void {
    this.#deliver = deliver;
    if (deliver === undefined) return;
    // What a former consumer threw ended its run, and must not end this one.
    this.#failure = Promise.withResolvers<never>();
    this.#failure.promise.catch(() => {
      // Whoever runs the source awaits it, or has gone.
    });
  }

  /** Hands the event on now when the consumer is free, else keeps it; never waits. */
  offer(event: RuntimeEvent): void {
    if (this.#deliver === undefined || this.#isWaiting || this.#queue.size > 0) this.#queue.offer(event);
    else this.#hand(event, this.#deliver);
  }

  /** Hands on what waits, until the consumer asks for time. */
  flush(): void {
    while (!this.#isWaiting && this.#deliver !== undefined) {
      const event = this.#queue.tryTake();
      if (event === undefined) return;
      this.#hand(event, this.#deliver);
    }
  }

  #hand(event: RuntimeEvent, deliver: Deliver): void {
    try {
      const pending = deliver(event);
      if (pending !== undefined) this.#wait(pending);
    } catch (error) {
      this.#stop(error);
    }
  }

  #wait(pending: Promise<void>): void {
    this.#isWaiting = true;
    pending.then(
      () => {
        this.#isWaiting = false;
        this.flush();
      },
      (error: unknown) => {
        this.#isWaiting = false;
        this.#stop(error);
      },
    );
  }

  #stop(error: unknown): void {
    this.#deliver = undefined;
    this.#failure.reject(error);
  }
}
