/** A reply or an event of the inspector protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A connection to one process's inspector: commands in, results out, events by name. */
export class InspectorClient implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, PromiseWithResolvers<unknown>> = new Map();
  readonly #listeners: Map<string, (params: unknown) => void> = new Map();
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#onMessage(JSON.parse(String(event.data)) as Message));
    socket.addEventListener("close", () => {
      for (const call of this.#waiting.values()) call.reject(new Error("the inspected process closed the connection"));
    });
  }

  /** @param url - `ws://127.0.0.1:PORT/UUID` as the process prints it. */
  static async connect(url: string): Promise<InspectorClient> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error(`cannot connect to the inspector at ${url}`)), {
        once: true,
      });
    });
    return new InspectorClient(socket);
  }

  /** Sends a command; rejects with the inspector's message. */
  send<Result>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    const id = this.#nextId++;
    const call = Promise.withResolvers<unknown>();
    this.#waiting.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return call.promise as Promise<Result>;
  }

  /** Evaluates an expression in the process and returns its value by copy. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send<{
      readonly result: { readonly value: Value };
      readonly exceptionDetails?: { readonly text: string };
    }>("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /** One listener per event name. */
  on(method: string, listener: (params: unknown) => void): void {
    this.#listeners.set(method, listener);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #onMessage(message: Message): void {
    if (message.id === undefined) {
      this.#listeners.get(message.method ?? "")?.(message.params);
      return;
    }
    const call = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) call?.resolve(message.result);
    else call?.reject(new Error(message.error.message));
  }
}
