import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this source beside those of the package. @internal */
export type TetragonGrpcErrorCode = "KINGLET_ERR_RUNTIME_EVENTS_STREAM" | "KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE";

/** Error table of this source. @internal */
export const tetragonGrpcErrors: Readonly<Record<TetragonGrpcErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_RUNTIME_EVENTS_STREAM: {
    message: "event stream of {address} ended: {reason}",
    retryable: true,
    remedy:
      "See that the agent runs and listens at this address, and that its socket's folder is mounted; the source tries again by itself.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE: {
    message: "the file of {flag}, {path}, cannot be read: {reason}",
    retryable: false,
    remedy:
      "Correct the path, and give this process read access to the file; it must be there before the program starts.",
  },
};
