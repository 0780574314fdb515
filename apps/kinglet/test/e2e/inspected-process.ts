import { readdir, readFile, readlink } from "node:fs/promises";

/** Looks into a process that was started with `NODE_OPTIONS=--inspect=127.0.0.1:0`. */
export class InspectedProcess implements Disposable {
  readonly #pid: number;
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, PromiseWithResolvers<{ readonly value?: unknown }>> = new Map();
  #nextId = 1;

  private constructor(pid: number, socket: WebSocket) {
    this.#pid = pid;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as Reply;
      const call = this.#waiting.get(id ?? 0);
      this.#waiting.delete(id ?? 0);
      if (error === undefined && result?.exceptionDetails === undefined) call?.resolve(result?.result ?? {});
      else call?.reject(new Error(error?.message ?? JSON.stringify(result?.exceptionDetails)));
    });
    socket.addEventListener("close", () => {
      for (const call of this.#waiting.values()) call.reject(new Error("the inspected process has gone"));
    });
  }

  /** @param stderr - what the process has written: Node says there where its inspector listens. */
  static async attach(pid: number, stderr: string): Promise<InspectedProcess> {
    const url = /ws:\/\/\S+/.exec(stderr)?.[0];
    if (url === undefined) throw new Error(`no inspector in:\n${stderr}`);
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error(`cannot connect to ${url}`)), { once: true });
    });
    return new InspectedProcess(pid, socket);
  }

  /** Evaluates an expression and returns its value by copy. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { value } = await this.#send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    return value as Value;
  }

  /** Used heap after two full collections, bytes. */
  async heapAfterGc(): Promise<number> {
    await this.#send("HeapProfiler.collectGarbage", {});
    await this.#send("HeapProfiler.collectGarbage", {});
    return this.evaluate<number>("process.memoryUsage().heapUsed");
  }

  /** Anonymous resident memory, bytes. */
  async anonymousMemory(): Promise<number> {
    const status = await readFile(`/proc/${String(this.#pid)}/status`, "utf8");
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? "0") * 1024;
  }

  /** What its descriptors are, by kind. */
  async descriptors(): Promise<{ readonly sockets: number; readonly others: readonly string[] }> {
    const folder = `/proc/${String(this.#pid)}/fd`;
    const names = await readdir(folder);
    const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "gone")));
    return {
      sockets: targets.filter((target) => target.startsWith("socket:")).length,
      others: targets.filter((target) => !target.startsWith("socket:") && target !== "gone").toSorted(),
    };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #send(method: string, params: object): Promise<{ readonly value?: unknown }> {
    const id = this.#nextId;
    this.#nextId += 1;
    const call = Promise.withResolvers<{ readonly value?: unknown }>();
    this.#waiting.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return call.promise;
  }
}

interface Reply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown }; readonly exceptionDetails?: unknown };
  readonly error?: { readonly message: string };
}
