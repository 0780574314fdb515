import type { RequestPlace } from "./api-error.ts";
import type { RequestScope } from "./request-scope.ts";
import type { TransportResponse } from "./transport.ts";

/** An accepted answer; `scope.end()` must be called when the body has been read or given up. */
export interface OpenAnswer {
  readonly response: TransportResponse;
  readonly scope: RequestScope;
  readonly place: RequestPlace;
}
