import type { KubeTransport, TransportRequest, TransportResponse } from "@kinglet/kube-client";

/** Hands a request on. */
type Next = (request: TransportRequest) => Promise<TransportResponse>;

/** Answers a request in another way, or leaves it alone by giving undefined. */
export type TransportRule = (request: TransportRequest, next: Next) => Promise<TransportResponse> | undefined;

/** Carries requests and does to answers what servers and proxies on the way might; counts requests. */
export class FaultyTransport implements KubeTransport {
  readonly #inner: KubeTransport;
  readonly #rules: TransportRule[] = [];
  /** Requests so far. */
  requests = 0;
  /** Requests that a rule has taken. */
  met = 0;

  constructor(inner: KubeTransport) {
    this.#inner = inner;
  }

  /** The rule meets requests from now on; the first that takes one has it. @returns what takes the rule out. */
  add(rule: TransportRule): () => void {
    this.#rules.push(rule);
    return () => {
      const index = this.#rules.indexOf(rule);
      if (index >= 0) this.#rules.splice(index, 1);
    };
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    this.requests++;
    const next: Next = (passed) => this.#inner.send(passed);
    for (const rule of this.#rules) {
      const answer = rule(request, next);
      if (answer === undefined) continue;
      this.met++;
      return answer;
    }
    return next(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}

export function isWatch({ path }: TransportRequest): boolean {
  return path.includes("watch=true");
}

export function isStreamingList({ path }: TransportRequest): boolean {
  return path.includes("sendInitialEvents=true");
}

/** A `Status` answer. */
export function statusAnswer(
  code: number,
  reason: string,
  more: { readonly retryAfter?: number; readonly details?: object } = {},
): TransportResponse {
  const details = { ...more.details, ...(more.retryAfter === undefined ? {} : { retryAfterSeconds: more.retryAfter }) };
  const body = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `soak: ${reason}`,
    reason,
    details,
    code,
  };
  return {
    status: code,
    headers: {
      "content-type": "application/json",
      ...(more.retryAfter === undefined ? {} : { "retry-after": String(more.retryAfter) }),
    },
    body: once(Buffer.from(JSON.stringify(body))),
  };
}

async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield chunk;
}

/** A watch whose lines pass through `change` (one event in, any number out), asked for in JSON so that they can. */
export function mangledWatch(change: (event: WatchLine, line: string) => readonly string[]): TransportRule {
  return (request, next) => {
    if (!isWatch(request)) return undefined;
    return next(inJson(request)).then((response) =>
      response.status === 200 ? { ...response, body: mangled(response.body, change) } : response,
    );
  };
}

/** An event as it is on the wire, as far as the soak looks. */
export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>>; readonly resourceVersion?: string };
  };
}

export function endsInitialEvents({ type, object }: WatchLine): boolean {
  return type === "BOOKMARK" && object.metadata?.annotations?.["k8s.io/initial-events-end"] === "true";
}

/** The same request without the offer to take protobuf. */
function inJson(request: TransportRequest): TransportRequest {
  const { accept } = request.headers;
  const types = String(accept)
    .split(",")
    .filter((type) => !type.includes("protobuf"));
  return {
    ...request,
    headers: { ...request.headers, accept: types.length === 0 ? "application/json" : types.join(",") },
  };
}

async function* mangled(
  body: AsyncIterable<Buffer>,
  change: (event: WatchLine, line: string) => readonly string[],
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const out: string[] = [];
    let from = 0;
    for (let end = rest.indexOf(10, from); end >= 0; end = rest.indexOf(10, from)) {
      const line = rest.toString("utf8", from, end);
      from = end + 1;
      out.push(...change(JSON.parse(line) as WatchLine, line));
    }
    rest = Buffer.from(rest.subarray(from));
    if (out.length > 0) yield Buffer.from(`${out.join("\n")}\n`);
  }
}
