import { createError } from "@kinglet/errors";
import { createStatusError, type RequestPlace } from "./api-error.ts";
import { kubeClientErrors } from "./errors.ts";
import type { WatchEvent } from "./kube-object.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { ObjectDecoder } from "./object-decoder.ts";
import type { WatchChunks } from "./watch-reader.ts";

/** Far above the largest object in an event; a line beyond it is refused rather than gathered. */
const MAX_LINE_BYTES = 16_777_216;

/** Watch events as lines of JSON. */
export class JsonWatchReader implements WatchChunks {
  readonly #place: RequestPlace;
  readonly #decoder: ObjectDecoder;
  readonly #splitter = new LineSplitter(MAX_LINE_BYTES);

  constructor(place: RequestPlace, decoder: ObjectDecoder) {
    this.#place = place;
    this.#decoder = decoder;
  }

  *events(chunk: Buffer): Generator<WatchEvent<unknown>> {
    const lines: string[] = [];
    this.#splitter.push(chunk, lines);
    for (const line of lines) {
      const event = decodeEvent(line, this.#decoder, this.#place);
      if (event !== undefined) yield event;
    }
  }
}

function decodeEvent(line: string, decoder: ObjectDecoder, place: RequestPlace): WatchEvent<unknown> | undefined {
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
      return object === undefined ? undefined : { type, object, resourceVersion };
    }
    case "BOOKMARK": {
      const bookmark = { type, object: decoder.bookmark(event?.object), resourceVersion: versionOf(event?.object) };
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
