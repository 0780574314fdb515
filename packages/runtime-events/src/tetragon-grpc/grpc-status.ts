/** Names of gRPC's status codes, by number. */
const names: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** How a call ended. @internal */
export interface GrpcStatus {
  /** gRPC's name of the code; empty when the other end said nothing and this side knows why; `HTTP_404` and the like from something that does not speak gRPC. */
  readonly code: string;
  /** As the other end says it, at most 300 characters; may be empty. */
  readonly message: string;
}

/**
 * Reads the status from a header block.
 *
 * @returns undefined when it has none: more is to come, or the call was cut.
 * @internal
 */
export function statusOf(headers: Readonly<Record<string, unknown>>): GrpcStatus | undefined {
  const http = headers[":status"];
  if (http !== undefined && http !== 200) return { code: `HTTP_${typeof http === "number" ? http : "?"}`, message: "" };
  const text = headers["grpc-status"];
  if (typeof text !== "string" || !/^\d{1,3}$/.test(text)) return undefined;
  const raw = headers["grpc-message"];
  return {
    code: names[Number(text)] ?? `CODE_${Number(text)}`,
    message: typeof raw === "string" ? decodeMessage(raw) : "",
  };
}

/** @internal */
export function describeStatus(status: GrpcStatus): string {
  if (status.code === "") return status.message;
  return status.message === "" ? status.code : `${status.code}: ${status.message}`;
}

/** gRPC percent-encodes what is not printable ASCII; whatever is not well encoded stays as it is. */
function decodeMessage(raw: string): string {
  let text = raw.slice(0, 900);
  try {
    text = decodeURIComponent(text);
  } catch {
    // Not encoded as promised, or cut inside a character: shown as it came.
  }
  return text.replace(/\p{Cc}/gu, " ").slice(0, 300);
}
