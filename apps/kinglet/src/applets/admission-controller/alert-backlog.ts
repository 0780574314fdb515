import { BoundedQueue } from "@kinglet/lifecycle";
import type { Alert } from "@kinglet/detection";

/** What an alert takes besides its message, bytes. */
const alertBytes = 1024;

/**
 * Alerts that wait to leave, bounded in number and in bytes: the oldest give way.
 *
 * @internal
 */
export class AlertBacklog {
  readonly #queue: BoundedQueue<Alert>;
  readonly #maxBytes: number;
  readonly #onDrop: () => void;
  #bytes = 0;

  constructor(options: { readonly maxEntries: number; readonly maxBytes: number; readonly onDrop: () => void }) {
    const { maxEntries, maxBytes, onDrop } = options;
    this.#maxBytes = maxBytes;
    this.#onDrop = onDrop;
    this.#queue = new BoundedQueue({ maxEntries, dropPolicy: "oldest", onDrop: (alert) => this.#drop(alert) });
  }

  /** What those who wait take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  offer(alert: Alert): void {
    this.#bytes += sizeOf(alert);
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#queue.tryTake();
      if (oldest === undefined) break;
      this.#drop(oldest);
    }
    this.#queue.offer(alert);
  }

  /** The next alert; waits for one. @throws the signal's reason. */
  async take(options: { readonly signal: AbortSignal }): Promise<Alert> {
    return this.#left(await this.#queue.take(options));
  }

  /** The next alert, or undefined when none waits. */
  tryTake(): Alert | undefined {
    const alert = this.#queue.tryTake();
    return alert === undefined ? undefined : this.#left(alert);
  }

  #left(alert: Alert): Alert {
    this.#bytes -= sizeOf(alert);
    return alert;
  }

  #drop(alert: Alert): void {
    this.#left(alert);
    this.#onDrop();
  }
}

function sizeOf({ message }: Alert): number {
  // Two bytes a character where one of them is not Latin.
  return alertBytes + 2 * message.length;
}
