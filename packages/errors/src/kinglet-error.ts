/**
 * One row of a package's error table: what the message says, whether trying again can help, and the way out.
 *
 * @public
 */
export interface ErrorCodeEntry {
  /** Message template; `{name}` is replaced by `details.name`. Names the thing, the value and the limit. */
  readonly message: string;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What the reader can do about it, one sentence, for `docs/errors.md` and command-line output. */
  readonly remedy: string;
}

/**
 * A package's error codes: keys are codes of the form `KINGLET_ERR_<PACKAGE>_<REASON>`, never reused after removal.
 *
 * @public
 */
export type ErrorTable = Readonly<Record<string, ErrorCodeEntry>>;

/**
 * What a fault is about, as plain data. Values appear in messages and logs, so never put a secret here.
 *
 * @public
 */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error class of Kinglet.
 *
 * Recognise it by `code` (see `hasCode`), not by `instanceof`: two copies of this library may live in one process.
 * Creating one captures a stack, so expected outcomes on hot paths are values, not errors.
 *
 * @public
 */
export class KingletError<Code extends string = string> extends Error {
  /** Stable identifier, listed in `docs/errors.md`. */
  readonly code: Code;
  /** The values that the message was made from. */
  readonly details: ErrorDetails;
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** The way out, in one sentence; empty when there is nothing to say. */
  readonly remedy: string;

  /**
   * @param code - identifier from a package's error table.
   * @param message - finished text, one line.
   * @param options - `retryable` defaults to false, `details` to nothing; `cause` is kept as given.
   */
  constructor(
    code: Code,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly details?: ErrorDetails;
      readonly retryable?: boolean;
      readonly remedy?: string;
    } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "KingletError";
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
    this.remedy = options.remedy ?? "";
  }
}
