import type { WatchEvent } from "./kube-object.ts";
import type { OpenAnswer } from "./open-answer.ts";

/** Takes a watch answer chunk by chunk, in whatever encoding. */
export interface WatchChunks {
  /**
   * The events that `chunk` completes, each decoded when it is asked for. Must be read to its end before the next chunk.
   *
   * @throws the error of an ERROR event's Status; KINGLET_ERR_KUBE_CLIENT_RESPONSE for what is no watch event.
   */
  events(chunk: Buffer): Iterable<WatchEvent<unknown>>;
}

/**
 * The events of one watch answer, in order. An incomplete last event is discarded: it comes again when the watch is resumed.
 *
 * Time spent by the consumer does not count as silence of the server.
 *
 * @throws the error of an ERROR event's Status; KINGLET_ERR_KUBE_CLIENT_RESPONSE for what is no watch event.
 */
export async function* readWatchStream<T>(answer: OpenAnswer, decoder: WatchChunks): AsyncGenerator<WatchEvent<T>> {
  const { scope } = answer;
  const chunks = answer.response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      scope.startWaiting();
      const next = await chunks.next();
      scope.stopWaiting();
      if (next.done === true) return;
      for (const event of decoder.events(next.value)) {
        yield event as WatchEvent<T>;
        // The signal may have fired while the consumer was busy with this event.
        if (scope.signal.aborted) throw scope.signal.reason;
      }
    }
  } finally {
    await chunks.return?.();
  }
}
