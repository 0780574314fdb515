import type { TransportRequest, TransportResponse } from "../transport.ts";
import type { ResponseBody } from "./response-body.ts";

/** One request under way and its answer. */
export interface Http2Stream {
  readonly id: number;
  readonly request: TransportRequest;
  readonly body: ResponseBody;
  readonly resolve: (response: TransportResponse) => void;
  readonly reject: (error: Error) => void;
  readonly onAbort: () => void;
  /** Request bytes that the server's windows do not admit yet. */
  pending: Buffer | undefined;
  sendWindow: number;
  /** What the server may still send before more window is granted. */
  receiveWindow: number;
  /** Received, consumed by the reader, and not yet given back as window. */
  takenBytes: number;
  /** Bytes still missing by `content-length`; NaN when it was not told. */
  missingBytes: number;
  hasHead: boolean;
}
