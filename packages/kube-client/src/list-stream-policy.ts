import type { Clock } from "@kinglet/lifecycle";
import type { KubeClientErrorCode } from "./errors.ts";

/** A server that refused streaming lists may have been upgraded, or been another one behind the same address. */
const REFUSED_FOR_MS = 600_000;
/** Streams that came to no end before lists are taken instead: a server that ignores the parameter never ends one. */
const MAX_UNFINISHED = 2;

/** What to do after a streaming list has failed. */
export type ListStreamVerdict =
  /** Wait as after any failure, then stream again. */
  | "wait"
  /** Its version is gone or not there yet: at once, without a version. */
  | "renew"
  /** The server cannot: list instead. */
  | "list";

/**
 * Decides for one resource whether complete states are streamed, and remembers a server that cannot.
 *
 * A refusal of the request (400, 405, 406, 415, 422) is believed at once. Streams that end, fall silent or break down with a fault of the server before their
 * closing bookmark are tried twice. Throttling, lost connections and missing rights say nothing about streaming.
 */
export class ListStreamPolicy {
  readonly #clock: Clock;
  #unfinished = 0;
  #refusedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The next complete state is to be streamed. */
  get isOpen(): boolean {
    return this.#clock.monotonicMs() - this.#refusedAtMs >= REFUSED_FOR_MS;
  }

  finished(): void {
    this.#unfinished = 0;
  }

  /** @param error - undefined when the stream ended, or went on, without its closing bookmark. */
  failed(error: unknown): ListStreamVerdict {
    // Not `instanceof`: this may lie in a file with classes of its own.
    const code = (error as { readonly code?: KubeClientErrorCode } | undefined)?.code;
    switch (code) {
      case "KINGLET_ERR_KUBE_CLIENT_GONE":
      case "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE":
        return "renew";
      case "KINGLET_ERR_KUBE_CLIENT_INVALID":
      case "KINGLET_ERR_KUBE_CLIENT_UNSUPPORTED":
        return this.#refuse();
      case "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS":
      case "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE":
      case "KINGLET_ERR_KUBE_CLIENT_TLS":
      case "KINGLET_ERR_KUBE_CLIENT_TIMEOUT":
      case "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED":
      case "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN":
      case "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND":
        return "wait";
      default:
        return ++this.#unfinished < MAX_UNFINISHED ? "wait" : this.#refuse();
    }
  }

  #refuse(): "list" {
    this.#unfinished = 0;
    this.#refusedAtMs = this.#clock.monotonicMs();
    return "list";
  }
}
