/**
 * One reason of a `Status` body.
 *
 * @public
 */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/**
 * The `Status` object a refused request is answered with.
 *
 * @public
 */
export interface StatusBody {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string };
  readonly status: "Failure" | "Success";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code?: number;
}

/**
 * A refusal of the simulated API on its way to the client.
 *
 * Not a fault of the simulator: it carries the exact `Status` that the client gets, and never leaves the package.
 */
export class ApiRefusal extends Error {
  readonly body: StatusBody;
  /** Seconds for the `Retry-After` header; undefined sends none. */
  readonly retryAfterSeconds: number | undefined;

  constructor(body: StatusBody, retryAfterSeconds?: number) {
    super(body.message ?? body.reason ?? "refused");
    this.body = body;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
