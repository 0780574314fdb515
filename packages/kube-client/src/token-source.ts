import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { kubeClientErrors } from "./errors.ts";
import { readBoundedFile } from "./read-bounded-file.ts";

/**
 * Where the bearer token of a request comes from.
 *
 * @public
 */
export interface TokenSource {
  /** The token to send now, or none where the credentials are a certificate. @throws KINGLET_ERR_KUBE_CLIENT_CREDENTIALS when there has never been one. */
  token(): Promise<string | undefined>;
  /** The server answered 401 to a request that was sent with `token`: do not offer it again without looking for a new one. */
  reject(token: string | undefined): void;
  /** Changes with the credentials also where the token does not tell. */
  readonly version?: number;
}

/** A token is valid for 60 s and fetched again 10 s before that, as client-go does (`transport/token_source.go`). */
const TOKEN_VALID_MS = 50_000;
/** Tokens are a few kilobytes; a wrong path must not fill memory. */
const MAX_TOKEN_BYTES = 65_536;

/**
 * A token in a file that somebody else renews (the kubelet swaps it). Read again every 50 s and after a 401, trimmed; when the file cannot be read or is empty the last
 * good token stays in use. Concurrent callers share one read.
 *
 * @param options - `initialToken`: offered until the file has been read, and when it never can be.
 */
export function createTokenFile(
  path: string,
  options: { readonly clock: Clock; readonly initialToken?: string | undefined },
): TokenSource {
  return new TokenFile(path, options.clock, options.initialToken);
}

class TokenFile implements TokenSource {
  readonly #path: string;
  readonly #clock: Clock;
  #token: string | undefined;
  #freshUntilMs = 0;
  #reading: Promise<string> | undefined;

  constructor(path: string, clock: Clock, initialToken: string | undefined) {
    this.#path = path;
    this.#clock = clock;
    this.#token = initialToken;
    this.#freshUntilMs = Number.NEGATIVE_INFINITY;
  }

  async token(): Promise<string> {
    if (this.#token !== undefined && this.#clock.monotonicMs() < this.#freshUntilMs) return this.#token;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  reject(token: string | undefined): void {
    // A newer token may have been read since that request was sent: it has not been refused.
    if (token === this.#token) this.#freshUntilMs = Number.NEGATIVE_INFINITY;
  }

  async #read(): Promise<string> {
    let problem: unknown = "the token file is empty";
    try {
      const token = (await readBoundedFile(this.#path, MAX_TOKEN_BYTES)).trim();
      if (token !== "") {
        this.#token = token;
        this.#freshUntilMs = this.#clock.monotonicMs() + TOKEN_VALID_MS;
        return token;
      }
    } catch (error) {
      problem = error;
    }
    if (this.#token !== undefined) return this.#token;
    throw createError(
      kubeClientErrors,
      "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS",
      {
        file: this.#path,
        problem: problem instanceof Error ? `the token file cannot be read: ${problem.message}` : problem,
      },
      { cause: problem },
    );
  }
}
