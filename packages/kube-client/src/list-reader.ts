import { createError } from "@kinglet/errors";
import { createStatusError, type RequestPlace } from "./api-error.ts";
import { kubeClientErrors } from "./errors.ts";
import { ListSplitter } from "./list-splitter.ts";

/** Far above what the API server stores (about 1.5 MB): a bound, not a limit that real objects meet. */
const MAX_ITEM_BYTES = 16_777_216;

/** What an answer says about the list that it is a page of. */
export interface ListPage {
  readonly resourceVersion: string;
  readonly continue: string;
  /** Objects delivered. */
  readonly count: number;
}

/** Takes a list answer chunk by chunk, in whatever encoding. */
export interface ListChunks {
  /** @throws KINGLET_ERR_KUBE_CLIENT_RESPONSE, KINGLET_ERR_KUBE_CLIENT_TOO_LARGE, or what the delivery throws. */
  push(chunk: Buffer): void;
  /** @throws KINGLET_ERR_KUBE_CLIENT_RESPONSE when the answer was cut off or is not a list. */
  finish(): ListPage;
}

/**
 * Reads one JSON list answer from its chunks: items are parsed and delivered as they become complete.
 */
export class ListReader implements ListChunks {
  readonly #place: RequestPlace;
  readonly #splitter: ListSplitter;
  #count = 0;

  /** @param deliver - takes a parsed item; false when it was left out. */
  constructor(place: RequestPlace, deliver: (value: unknown) => boolean) {
    this.#place = place;
    this.#splitter = new ListSplitter(MAX_ITEM_BYTES, (text) => {
      if (deliver(this.#parse(text))) this.#count++;
    });
  }

  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
  }

  /** @throws KINGLET_ERR_KUBE_CLIENT_RESPONSE when the answer was cut off or is not a list. */
  finish(): ListPage {
    const envelope = this.#splitter.finish();
    if (envelope === undefined || envelope === "") throw this.#unreadable("it ends in the middle");
    const list = this.#parse(envelope) as {
      readonly kind?: unknown;
      readonly items?: unknown;
      readonly metadata?: { readonly resourceVersion?: unknown; readonly continue?: unknown } | null;
    } | null;
    if (list?.kind === "Status") throw createStatusError(this.#place, list);
    // Go writes an empty slice of some kinds as null.
    if (typeof list !== "object" || list === null || (list.items !== null && !Array.isArray(list.items))) {
      throw this.#unreadable("it is not a list");
    }
    const { resourceVersion, continue: token } = list.metadata ?? {};
    return {
      resourceVersion: typeof resourceVersion === "string" ? resourceVersion : "",
      continue: typeof token === "string" ? token : "",
      count: this.#count,
    };
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#unreadable("it is not JSON", error);
    }
  }

  #unreadable(problem: string, cause?: unknown): Error {
    return createError(
      kubeClientErrors,
      "KINGLET_ERR_KUBE_CLIENT_RESPONSE",
      { ...this.#place, problem },
      cause === undefined ? {} : { cause },
    );
  }
}
