/** Why an event of the kernel became none of ours. @internal */
export type LeftOut =
  /** The call failed, so nothing happened. */
  | "failed"
  /** The record of the call itself is missing. */
  | "headless"
  /** Nothing to tell: another family of addresses, a socket that was only made. */
  | "unused"
  /** A call that this version has no name for. */
  | "unknown"
  /** A path whose directory cannot be told any more. */
  | "unresolved"
  /** A kind that nobody consumes; `skippedKind` says which. */
  | "skipped";
