import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this source beside those of the package. @internal */
export type TetragonGrpcErrorCode = "KINGLET_ERR_RUNTIME_EVENTS_STREAM";

/** Error table of this source. @internal */
export const tetragonGrpcErrors: Readonly<Record<TetragonGrpcErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_RUNTIME_EVENTS_STREAM: {
    message: "event stream of {address} ended: {reason}",
    retryable: true,
    remedy:
      "See that the agent runs and listens at this address, and that its socket's folder is mounted; the source tries again by itself.",
  },
};
