import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiRefusal } from "./api-refusal.ts";
import type { UserInfo } from "./authorization/user-info.ts";
import type { JournalEntry } from "./request-journal.ts";

/**
 * One request and the way to answer it. Every byte of a body passes through here, so that a fault can cut it anywhere.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly path: string;
  /** Fires when the connection is gone or the answer complete: nothing may wait on behalf of this request after that. */
  readonly signal: AbortSignal;
  /** Who asks; set once he is known. */
  user: UserInfo | undefined;
  /** Texts of the `Warning` headers, without duplicates. */
  readonly warnings: string[] = [];
  readonly #entry: JournalEntry;
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #bodyBytes = 0;
  #isCut = false;

  constructor(request: IncomingMessage, response: ServerResponse, url: URL, entry: JournalEntry) {
    this.request = request;
    this.response = response;
    this.path = url.pathname;
    this.query = url.searchParams;
    this.#entry = entry;
    const closed = new AbortController();
    this.signal = closed.signal;
    response.once("close", () => closed.abort());
  }

  /** The client has gone, or the answer has been cut or ended. */
  get isOver(): boolean {
    return this.#isCut || this.response.writableEnded || this.response.destroyed;
  }

  /** Adds a `Warning` header to the answer; to be called before it starts. */
  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /** Body bytes after which the connection is reset; 0 resets it instead of answering. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  /** Sends the head of an answer whose body follows with {@link write}. */
  start(status: number, contentType: string, headers: Readonly<Record<string, string>> = {}): void {
    this.#entry.status = status;
    if (this.#cutAfterBytes <= 0) {
      this.#cut();
      return;
    }
    const own = { "content-type": contentType, "cache-control": "no-cache, private" };
    this.response.writeHead(status, { ...headers, ...this.#warningHeaders(), ...own });
    this.response.flushHeaders();
  }

  /** @returns false when the client does not read fast enough: wait for `drain` on the response. */
  write(text: string): boolean {
    if (this.isOver) return true;
    const bytes = Buffer.from(text);
    const room = this.#cutAfterBytes - this.#bodyBytes;
    this.#bodyBytes += bytes.length;
    if (bytes.length < room) return this.response.write(bytes);
    this.response.write(bytes.subarray(0, room), () => this.#cut());
    this.#isCut = true;
    return true;
  }

  /** Resolves when the client has read enough to go on writing, or has gone. */
  waitForRoom(): Promise<void> {
    const { response } = this;
    return new Promise((resolve) => {
      const settle = (): void => {
        response.off("drain", settle);
        response.off("close", settle);
        resolve();
      };
      response.on("drain", settle);
      response.on("close", settle);
      if (this.isOver) settle();
    });
  }

  end(): void {
    if (!this.isOver) this.response.end();
  }

  sendText(status: number, contentType: string, text: string, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#cutAfterBytes === Number.POSITIVE_INFINITY) {
      this.#entry.status = status;
      const length = String(Buffer.byteLength(text));
      const own = { "content-type": contentType, "content-length": length };
      this.response.writeHead(status, { ...headers, ...this.#warningHeaders(), ...own });
      this.response.end(this.request.method === "HEAD" ? undefined : text);
      return;
    }
    this.start(status, contentType, headers);
    this.write(text);
    this.end();
  }

  sendJson(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.sendText(status, "application/json", `${JSON.stringify(value)}\n`, headers);
  }

  sendRefusal(refusal: ApiRefusal): void {
    const wait = refusal.retryAfterSeconds;
    this.sendJson(refusal.body.code ?? 500, refusal.body, wait === undefined ? {} : { "retry-after": String(wait) });
  }

  #warningHeaders(): Record<string, string[]> {
    if (this.warnings.length === 0) return {};
    return { warning: this.warnings.map((text) => `299 - ${JSON.stringify(text)}`) };
  }

  #cut(): void {
    this.#isCut = true;
    const socket = this.response.socket;
    if (socket === null) this.response.destroy();
    else socket.destroy();
  }
}
