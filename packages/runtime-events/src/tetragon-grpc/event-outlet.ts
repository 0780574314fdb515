// Hot path: `offer` runs once per event, `flush` once per chunk of the stream.
import type { RuntimeEvent } from "@kinglet/enrichment";
import { BoundedQueue, type DropVictim } from "@kinglet/lifecycle";

type Deliver = (event: RuntimeEvent) => void | Promise<void>;

/**
 * Between a stream that must be read and a consumer that takes its time: a bounded queue, emptied as fast as the consumer allows.
 *
 * @internal
 */
export class EventOutlet {
  /** Resolves never, rejects with what the consumer threw. */
  readonly failed: Promise<never>;
  readonly #queue: BoundedQueue<RuntimeEvent>;
  readonly #fail: (reason: unknown) => void;
  #deliver: Deliver | undefined;
  #isWaiting = false;

  constructor(options: { readonly maxEntries: number; readonly onDrop: (event: RuntimeEvent) => void }) {
    this.#queue = new BoundedQueue({ ...options, dropPolicy: victimFor });
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {
      // Whoever runs the source awaits it, or has gone.
    });
    this.failed = promise;
    this.#fail = reject;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** From now on events go here; undefined: they wait. */
  connect(deliver: Deliver | undefined): void {
    this.#deliver = deliver;
  }

  offer(event: RuntimeEvent): void {
    this.#queue.offer(event);
  }

  /** Hands on what waits, until the consumer asks for time. */
  flush(): void {
    while (!this.#isWaiting && this.#deliver !== undefined) {
      const event = this.#queue.tryTake();
      if (event === undefined) return;
      try {
        const pending = this.#deliver(event);
        if (pending !== undefined) this.#wait(pending);
      } catch (error) {
        this.#stop(error);
      }
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
    this.#fail(error);
  }
}

/** An exit only ends things that end by themselves sooner or later; an execution that is missed is missed for good. */
function victimFor(arriving: RuntimeEvent): DropVictim {
  return arriving.kind === "exit" ? "newest" : "oldest";
}
