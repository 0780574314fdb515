import type { KubeClientErrorCode } from "./errors.ts";

/** What to do after a watch has failed. */
export interface WatchFailure {
  /** For metrics. */
  readonly cause: string;
  /** A new list is needed before the next watch. */
  readonly needsList: boolean;
  /** The server is unwell: several of these in a row need a list. */
  readonly isServerFault: boolean;
  /** Longest wait, where it is not the usual one. */
  readonly capMs?: number;
}

/** A kind that does not exist (its CRD was removed) comes back by a person's doing. */
const MISSING_KIND_CAP_MS = 120_000;
/** A selector or verb that the server refuses is refused until somebody changes the program or the server. */
const REFUSED_CAP_MS = 300_000;

/**
 * Sorts what ended a watch, from an answer's status and from an ERROR event alike.
 *
 * Resumed from the held version: a lost or refused connection, silence, 429, 401, 403, 5xx. Listed anew: a version that is gone or too
 * large, a kind that was missing (it may come back empty), a refused request, and whatever is not understood, because the stream can no longer be trusted.
 */
export function classifyWatchFailure(error: unknown): WatchFailure {
  switch ((error as { readonly code?: KubeClientErrorCode } | null | undefined)?.code) {
    case "KINGLET_ERR_KUBE_CLIENT_GONE":
    case "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE":
      return { cause: "gone", needsList: true, isServerFault: false };
    case "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS":
      return { cause: "throttled", needsList: false, isServerFault: false };
    case "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED":
      return { cause: "unauthorized", needsList: false, isServerFault: false };
    case "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN":
      return { cause: "forbidden", needsList: false, isServerFault: false };
    case "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND":
      return { cause: "not-found", needsList: true, isServerFault: false, capMs: MISSING_KIND_CAP_MS };
    case "KINGLET_ERR_KUBE_CLIENT_INVALID":
    case "KINGLET_ERR_KUBE_CLIENT_UNSUPPORTED":
      return { cause: "refused", needsList: true, isServerFault: false, capMs: REFUSED_CAP_MS };
    case "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE":
    case "KINGLET_ERR_KUBE_CLIENT_TLS":
      return { cause: "unreachable", needsList: false, isServerFault: false };
    case "KINGLET_ERR_KUBE_CLIENT_TIMEOUT":
      return { cause: "timeout", needsList: false, isServerFault: false };
    case "KINGLET_ERR_KUBE_CLIENT_SERVER":
      return { cause: "server", needsList: false, isServerFault: true };
    default:
      return { cause: "response", needsList: true, isServerFault: false };
  }
}
