import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { WatchOptions } from "./kube-client.ts";
import type { KubeObject, WatchEvent } from "./kube-object.ts";
import { ListStreamPolicy, type ListStreamVerdict } from "./list-stream-policy.ts";
import { SilenceGuard } from "./silence-guard.ts";

/** A streaming list that is silent this long is worth a warning, and after two of them it is given up. */
const SILENCE_MS = 10_000;
const MAX_SILENCES = 2;

/** How a streaming list ended. */
export type StreamedList<T> =
  | {
      readonly verdict: "watch";
      readonly version: string;
      /** The events that follow; whoever does not read it to its end returns it. */
      readonly rest: AsyncIterableIterator<WatchEvent<T>>;
    }
  | {
      readonly verdict: ListStreamVerdict;
      readonly error: unknown;
      /** For metrics, where the error does not say it. */
      readonly cause: "unfinished" | undefined;
    };

/** Takes complete states of one resource by streaming lists, and remembers a server that cannot. */
export class StreamedLists<T extends KubeObject> {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #labels: Readonly<Record<string, unknown>>;
  readonly #policy: ListStreamPolicy;

  /** @param labels - for the log. */
  constructor(clock: Clock, logger: Logger, labels: Readonly<Record<string, unknown>>) {
    this.#clock = clock;
    this.#logger = logger;
    this.#labels = labels;
    this.#policy = new ListStreamPolicy(clock);
  }

  /** The server was seen not to stream, not long ago. */
  get isRefused(): boolean {
    return !this.#policy.isOpen;
  }

  /** Reads one stream up to the bookmark that closes the list. Never throws; after the signal the verdict has no meaning. */
  async list(stream: {
    readonly open: (options: WatchOptions) => AsyncIterable<WatchEvent<T>>;
    readonly collect: (event: WatchEvent<T>) => void;
    readonly signal: AbortSignal;
  }): Promise<StreamedList<T>> {
    const silence = new AbortController();
    using guard = new SilenceGuard(this.#clock, SILENCE_MS, (intervals) => {
      this.#logger.warn("a streaming list is silent", { ...this.#labels, silentMs: intervals * SILENCE_MS });
      if (intervals >= MAX_SILENCES) silence.abort(new Error("silent"));
    });
    let error: unknown;
    try {
      const events = stream.open({
        sendInitialEvents: true,
        resourceVersionMatch: "NotOlderThan",
        signal: AbortSignal.any([stream.signal, silence.signal]),
      });
      const rest = restOf(events);
      // Not `for await`: that would end the stream with the list.
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
        const { value: event } = next;
        guard.heard();
        if (event.endsInitialEvents === true && event.resourceVersion !== "" && !stream.signal.aborted) {
          this.#policy.finished();
          return { verdict: "watch", version: event.resourceVersion, rest };
        }
        // A bookmark before that one: the server does not know what was asked of it and will never close this part.
        if (event.type === "BOOKMARK" || stream.signal.aborted) {
          await rest.return?.();
          break;
        }
        stream.collect(event);
      }
    } catch (fault) {
      error = silence.signal.aborted ? undefined : fault;
    }
    return {
      verdict: this.#policy.failed(error),
      error: error ?? "the server does not close the list that it streams",
      cause: error === undefined ? "unfinished" : undefined,
    };
  }
}

/** Can be read in two turns: leaving the first does not end it. */
function restOf<E>(events: AsyncIterable<E>): AsyncIterableIterator<E> {
  const iterator = events[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
