import type { Buffer } from "node:buffer";

/**
 * Why a body is not taken: 400, it is not what it should be; 429, there is no room for what it holds. `text` goes to the client, so it says
 * nothing that the client did not send.
 *
 * @public
 */
export interface BodyRefusal {
  readonly status: 400 | 429;
  readonly text: string;
}

/**
 * Takes one body while it comes in.
 *
 * @public
 */
export interface BodyReader {
  /** The next bytes, valid during the call only. @returns why the body is refused; nothing more is given then. */
  push(bytes: Buffer): BodyRefusal | undefined;
  /** The body is complete. @returns undefined when everything in it is safe in a queue: the client hears 200. */
  end(): BodyRefusal | undefined;
  /**
   * The body goes on, beyond what is read of one; nothing more is given. The client hears 200 nevertheless, for the same body again would be cut at the same
   * place: whoever offers this tells of the loss. Without it the client hears 413. @returns a refusal instead: it may come again.
   */
  cut?(): BodyRefusal | undefined;
}

/**
 * What is behind one path of a webhook.
 *
 * @public
 */
export interface WebhookRoute {
  /** Begins with a slash; compared exactly, without what follows a question mark. */
  readonly path: string;
  /** A body begins. */
  open(): BodyReader;
}
