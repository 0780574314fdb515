import type { ClusterAccess, KubeTransport, TransportRequest, TransportResponse } from "../src/index.ts";

/** One answer of a {@link ScriptedTransport}. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Body pieces; an Error breaks the connection there, `"hang"` as an object waits until the request is aborted. */
  readonly chunks?: readonly (Buffer | string | Error | typeof HANG)[];
  /** Breaks before the head. */
  readonly fails?: Error;
}

/** Nothing more comes. */
export const HANG = { hang: true } as const;

export interface SeenRequest extends TransportRequest {
  readonly url: URL;
}

export const ACCESS: ClusterAccess = { server: "https://api.test:6443", origin: "test" };

/** A transport that answers from a function; keeps what it was asked. */
export class ScriptedTransport implements KubeTransport {
  readonly requests: SeenRequest[] = [];
  /** Bodies whose iteration has begun and not ended. */
  openBodies = 0;
  readonly #answer: (request: SeenRequest, index: number) => ScriptedAnswer | Promise<ScriptedAnswer>;

  constructor(answer: (request: SeenRequest, index: number) => ScriptedAnswer | Promise<ScriptedAnswer>) {
    this.#answer = answer;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const seen: SeenRequest = { ...request, url: new URL(request.path, ACCESS.server) };
    this.requests.push(seen);
    const answer = await this.#answer(seen, this.requests.length - 1);
    if (answer.fails !== undefined) throw answer.fails;
    if (answer.status === undefined && answer.json === undefined && answer.chunks === undefined) {
      await aborted(request.signal);
    }
    return { status: answer.status ?? 200, headers: answer.headers ?? {}, body: this.#body(answer, request.signal) };
  }

  async *#body(answer: ScriptedAnswer, signal: AbortSignal): AsyncGenerator<Buffer> {
    this.openBodies++;
    try {
      const chunks = answer.chunks ?? [answer.json === undefined ? "" : JSON.stringify(answer.json)];
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk;
        if (typeof chunk === "object" && "hang" in chunk) await aborted(signal);
        else yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      }
    } finally {
      this.openBodies--;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export function networkError(code: string): Error {
  return Object.assign(new Error(`connection: ${code}`), { code });
}

export function status(code: number, reason: string, extra: object = {}): ScriptedAnswer {
  return {
    status: code,
    json: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `it is ${reason}`, ...extra },
  };
}

export function pod(name: string, resourceVersion: string, extra: object = {}): Record<string, unknown> {
  return {
    metadata: { name, namespace: "shop", uid: `uid-${name}`, resourceVersion, managedFields: [{ manager: "kubelet" }] },
    ...extra,
  };
}

export function podList(resourceVersion: string, items: readonly object[], continueToken = ""): ScriptedAnswer {
  return { json: { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion, continue: continueToken }, items } };
}

export function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
