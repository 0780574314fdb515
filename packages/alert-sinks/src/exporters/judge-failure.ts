/** No answer, or one that a proxy gives for a receiver that is not there, or one about who sent: nothing says that this batch is at fault. @internal */
export function isAway(error: unknown): boolean {
  const status = (error as { readonly details?: { readonly status?: unknown } }).details?.status;
  return typeof status !== "number" || status < 500 || (status >= 502 && status <= 504);
}

/** Statuses that speak of what was sent, not of who sent it: bad request, too large, not to be processed. @internal */
export function mayTakeParts(error: unknown): boolean {
  const status = (error as { readonly details?: { readonly status?: unknown } }).details?.status;
  return status === 400 || status === 413 || status === 422;
}

/** No answer in time, a connection that broke, or a server that failed: it may be too much at once. @internal */
export function mayBeTooMany(error: unknown): boolean {
  const status = (error as { readonly details?: { readonly status?: unknown } }).details?.status;
  return typeof status !== "number" || status >= 500;
}

/** @internal */
export function isTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "KINGLET_ERR_LIFECYCLE_TIMEOUT";
}

/** A receiver may say that it refused only some of the batch. @internal */
export function rejectedOf(error: unknown, alerts: number): number {
  const rejected = (error as { readonly details?: { readonly rejected?: unknown } }).details?.rejected;
  return typeof rejected === "number" ? Math.min(Math.max(rejected, 1), alerts) : alerts;
}

/** The alert itself cannot be put into the receiver's format, as one that another version left on disk: no repetition changes that. @internal */
export function isUnsendable(error: unknown): boolean {
  return isMistake(error) || isMistake((error as { readonly cause?: unknown }).cause);
}

/** The language's own errors; those of Node and of the system have a code. */
function isMistake(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && !("code" in error);
}
