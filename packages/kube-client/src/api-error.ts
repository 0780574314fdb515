import { createError, type KingletError } from "@kinglet/errors";
import { kubeClientErrors, type KubeClientErrorCode } from "./errors.ts";

/** Which request an error is about. */
export interface RequestPlace {
  readonly method: string;
  readonly path: string;
  readonly server: string;
}

/** A `Status` as far as it is used; every field may be missing or of another type. */
interface StatusBody {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly causes?: unknown; readonly retryAfterSeconds?: unknown; readonly uid?: unknown } | null;
}

interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/**
 * The error of a `Status` object, from an answer's body or from an ERROR event of a watch.
 *
 * @param options - `httpStatus`: of the answer, used when the Status has no code; `retryAfter`: the header; `flowSchemaUid`,
 * `priorityLevelUid`: of an overloaded server, kept in the details.
 */
export function createStatusError(
  place: RequestPlace,
  status: unknown,
  options: {
    readonly httpStatus?: number;
    readonly retryAfter?: string | undefined;
    readonly flowSchemaUid?: unknown;
    readonly priorityLevelUid?: unknown;
  } = {},
): KingletError<KubeClientErrorCode> {
  const body: StatusBody = typeof status === "object" && status !== null ? status : {};
  const code = typeof body.code === "number" ? body.code : (options.httpStatus ?? 0);
  const reason = typeof body.reason === "string" ? body.reason : "";
  const details = typeof body.details === "object" && body.details !== null ? body.details : {};
  const causes = (Array.isArray(details.causes) ? details.causes : []) as readonly StatusCause[];
  const message = typeof body.message === "string" ? body.message : reason === "" ? `HTTP ${code}` : reason;
  const retryAfterSeconds = readSeconds(options.retryAfter) ?? readSeconds(details.retryAfterSeconds);
  return createError(kubeClientErrors, codeOf(code, reason, causes), {
    ...place,
    status: code,
    reason,
    message,
    problem: message,
    causes,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(typeof options.flowSchemaUid === "string" && code === 429
      ? { flowSchemaUid: options.flowSchemaUid, priorityLevelUid: options.priorityLevelUid }
      : {}),
  });
}

/** The error of a request that got no answer, or whose answer broke off. A {@link KingletError} is passed through. */
export function createTransportError(place: RequestPlace, error: unknown): Error {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    if (error.code.startsWith("KINGLET_ERR_")) return error;
    const code = isCertificateProblem(error.code)
      ? "KINGLET_ERR_KUBE_CLIENT_TLS"
      : // A token or a user name that no header can carry: nothing was sent.
        /^ERR_INVALID_(CHAR|HTTP_TOKEN)$/.test(error.code)
        ? "KINGLET_ERR_KUBE_CLIENT_ARGUMENT"
        : "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE";
    const details = { ...place, what: "request", problem: describe(error, error.code) };
    return createError(kubeClientErrors, code, details, { cause: error });
  }
  const problem = error instanceof Error ? error.message : String(error);
  return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE", { ...place, problem }, { cause: error });
}

/** Seconds to wait that the server named, 0 … 1 h. */
export function readSeconds(value: unknown): number | undefined {
  const seconds = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof seconds === "number" && seconds >= 0 && seconds <= 3600 ? seconds : undefined;
}

/** Trying both address families makes Node report one error that holds several and says nothing itself. */
function describe(error: Error, code: string): string {
  if (error.message !== "") return error.message;
  const [first] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  return first instanceof Error ? first.message : code;
}

/** Node's names for certificates that do not hold (`CERT_HAS_EXPIRED`, `SELF_SIGNED_CERT_IN_CHAIN`, `UNABLE_TO_…`, …). */
function isCertificateProblem(code: string): boolean {
  return /CERT|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH/.test(code);
}

function codeOf(code: number, reason: string, causes: readonly StatusCause[]): KubeClientErrorCode {
  // Sent as 504 Timeout; only the cause tells it from a slow server.
  if (causes.some((cause) => cause.reason === "ResourceVersionTooLarge")) {
    return "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE";
  }
  switch (code) {
    case 400:
    case 413:
    case 422:
      return "KINGLET_ERR_KUBE_CLIENT_INVALID";
    case 401:
      return "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED";
    case 403:
      return "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN";
    case 404:
      return "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND";
    case 405:
    case 406:
    case 415:
      return "KINGLET_ERR_KUBE_CLIENT_UNSUPPORTED";
    case 409:
      return reason === "AlreadyExists" ? "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS" : "KINGLET_ERR_KUBE_CLIENT_CONFLICT";
    case 410:
      return "KINGLET_ERR_KUBE_CLIENT_GONE";
    case 429:
      return "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS";
    default:
      if (reason === "Expired" || reason === "Gone") return "KINGLET_ERR_KUBE_CLIENT_GONE";
      return code >= 500 ? "KINGLET_ERR_KUBE_CLIENT_SERVER" : "KINGLET_ERR_KUBE_CLIENT_RESPONSE";
  }
}
