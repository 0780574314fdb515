/**
 * The body of one answer: chunks wait here until they are asked for.
 *
 * How much may wait is the flow-control window of the stream; `onTaken` is told what has been taken so that the window can move.
 */
export class ResponseBody implements AsyncIterableIterator<Buffer> {
  readonly #chunks: Buffer[] = [];
  readonly #onTaken: (bytes: number) => void;
  readonly #onReturn: () => void;
  #waiter: { resolve(result: IteratorResult<Buffer>): void; reject(error: unknown): void } | undefined;
  #end: { readonly error?: unknown } | undefined;

  constructor(onTaken: (bytes: number) => void, onReturn: () => void) {
    this.#onTaken = onTaken;
    this.#onReturn = onReturn;
  }

  push(chunk: Buffer): void {
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#chunks.push(chunk);
      return;
    }
    this.#waiter = undefined;
    this.#onTaken(chunk.length);
    waiter.resolve({ done: false, value: chunk });
  }

  /** No more comes. With an error, what still waits is thrown away. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    if (error !== undefined) this.#chunks.length = 0;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) return;
    if (error === undefined) waiter.resolve({ done: true, value: undefined });
    else waiter.reject(error);
  }

  next(): Promise<IteratorResult<Buffer>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#onTaken(chunk.length);
      return Promise.resolve({ done: false, value: chunk });
    }
    const end = this.#end;
    if (end !== undefined) {
      if (end.error === undefined) return Promise.resolve({ done: true, value: undefined });
      // As a generator: an error is thrown once.
      this.#end = {};
      return Promise.reject(end.error);
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Buffer>> {
    this.#chunks.length = 0;
    if (this.#end === undefined) {
      this.end();
      this.#onReturn();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
