import { createError } from "@kinglet/errors";
import { createStatusError, type RequestPlace } from "./api-error.ts";
import type { OpenAnswer } from "./api-requester.ts";
import { kubeClientErrors } from "./errors.ts";
import type { WatchEvent } from "./kube-object.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { ObjectDecoder } from "./object-decoder.ts";

/** Far above the largest object in an event; a line beyond it is refused rather than gathered. */
const MAX_LINE_BYTES = 16_777_216;

/**
 * The events of one watch answer, in order. An incomplete last line is discarded: the event comes again when the watch is resumed.
 *
 * Time spent by the consumer does not count as silence of the server.
 *
 * @throws the error of an ERROR event's Status; KINGLET_ERR_KUBE_CLIENT_RESPONSE for a line that is no watch event.
 */
export async function* readWatchStream<T>(answer: OpenAnswer, decoder: ObjectDecoder): AsyncGenerator<WatchEvent<T>> {
  const { scope, place } = answer;
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  const lines: string[] = [];
  const chunks = answer.response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      scope.startWaiting();
      const next = await chunks.next();
      scope.stopWaiting();
      if (next.done === true) return;
      splitter.push(next.value, lines);
      for (const line of lines) {
        // The signal may have fired while the consumer was busy with the previous event.
        if (scope.signal.aborted) throw scope.signal.reason;
        const event = decodeEvent<T>(line, decoder, place);
        if (event !== undefined) yield event;
      }
      lines.length = 0;
    }
  } finally {
    await chunks.return?.();
  }
}

function decodeEvent<T>(line: string, decoder: ObjectDecoder, place: RequestPlace): WatchEvent<T> | undefined {
  let event: { readonly type?: unknown; readonly object?: unknown } | null;
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    throw createError(
      kubeClientErrors,
      "KINGLET_ERR_KUBE_CLIENT_RESPONSE",
      { ...place, problem: "a watch event is not JSON" },
      { cause: error },
    );
  }
  const type = event?.type;
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED": {
      const resourceVersion = versionOf(event?.object);
      const object = decoder.decode(event?.object);
      return object === undefined ? undefined : { type, object: object as T, resourceVersion };
    }
    case "BOOKMARK": {
      const bookmark = { type, object: event?.object as T, resourceVersion: versionOf(event?.object) };
      return endsInitialEvents(event?.object) ? { ...bookmark, endsInitialEvents: true } : bookmark;
    }
    case "ERROR":
      throw createStatusError(place, event?.object);
    default:
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_RESPONSE", {
        ...place,
        problem: `a watch event has the type ${JSON.stringify(type) ?? "nothing"}`,
      });
  }
}

/** The mark of a streaming list. @see kubernetes/apimachinery `pkg/apis/meta/v1/types.go`, InitialEventsAnnotationKey. */
function endsInitialEvents(object: unknown): boolean {
  const annotations = (object as { readonly metadata?: { readonly annotations?: Readonly<Record<string, unknown>> } })
    ?.metadata?.annotations;
  return annotations?.["k8s.io/initial-events-end"] === "true";
}

function versionOf(object: unknown): string {
  const version = (object as { readonly metadata?: { readonly resourceVersion?: unknown } } | null)?.metadata
    ?.resourceVersion;
  return typeof version === "string" ? version : "";
}
