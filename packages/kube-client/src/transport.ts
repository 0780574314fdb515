/**
 * One HTTP exchange to make.
 *
 * @public
 */
export interface TransportRequest {
  readonly method: string;
  /** Path and query, without the server's prefix. */
  readonly path: string;
  /** A list makes one header line per value. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** The answer stays open for long (a watch): it may be ended early so that it is made again over another connection. */
  readonly isStream?: boolean;
  /** Ends the exchange, also while the body arrives. */
  readonly signal: AbortSignal;
}

/**
 * The head of an answer and its body as it arrives.
 *
 * The body must be read to its end or its iterator returned early, which ends the connection.
 *
 * @public
 */
export interface TransportResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Buffer>;
}

/**
 * Carries requests to one API server. Injected, so that tests and other carriers take the place of the default.
 *
 * `send` rejects with whatever went wrong on the wire, as it is; the client turns it into a coded error.
 *
 * @public
 */
export interface KubeTransport extends AsyncDisposable {
  send(request: TransportRequest): Promise<TransportResponse>;
}
