import type { ServerHttp2Stream } from "node:http2";
import { BoundedQueue } from "@kinglet/lifecycle";
import type { AgentEvent } from "./agent-event.ts";
import type { Json } from "./event-codec.ts";

const maxWriteBytes = 65_536;

/**
 * One client of GetEvents: a queue in front of its stream, as the agent has one. What comes while the queue is full is dropped without a word;
 * filters are applied behind the queue, so events that the client does not want fill it too.
 */
export class Listener {
  /** Messages written to the stream. */
  sent = 0;
  readonly #queue: BoundedQueue<AgentEvent>;
  readonly #stream: ServerHttp2Stream;
  readonly #wants: (json: Json) => boolean;
  readonly #beforeWrite: () => void;
  #isBlocked = false;
  #isScheduled = false;

  constructor(
    stream: ServerHttp2Stream,
    options: { readonly wants: (json: Json) => boolean; readonly maxQueued: number; readonly beforeWrite: () => void },
  ) {
    this.#stream = stream;
    this.#wants = options.wants;
    this.#beforeWrite = options.beforeWrite;
    this.#queue = new BoundedQueue({ maxEntries: options.maxQueued });
    stream.on("drain", () => {
      this.#isBlocked = false;
      this.#flush();
    });
  }

  get stream(): ServerHttp2Stream {
    return this.#stream;
  }

  /** Events that found the queue full. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  get queued(): number {
    return this.#queue.size;
  }

  offer(event: AgentEvent): void {
    this.#queue.offer(event);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (!this.#isBlocked && !this.#stream.destroyed && !this.#stream.writableEnded && this.#queue.size > 0) {
      const frames: Buffer[] = [];
      let bytes = 0;
      while (bytes < maxWriteBytes) {
        const event = this.#queue.tryTake();
        if (event === undefined) break;
        if (!this.#wants(event.json)) continue;
        frames.push(event.frame);
        bytes += event.frame.length;
      }
      if (frames.length === 0) return;
      this.sent += frames.length;
      this.#beforeWrite();
      // False: the peer's window and our buffer are full.
      this.#isBlocked = !this.#stream.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames, bytes));
    }
  }
}
