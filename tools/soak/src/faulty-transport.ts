import type { KubeTransport, TransportRequest, TransportResponse } from "@kinglet/kube-client";

/** Hands a request on. */
type Next = (request: TransportRequest) => Promise<TransportResponse>;

/**
 * Answers a request in another way, or leaves it alone by giving undefined.
 *
 * Calls `strike` for each answer that it replaces and each piece that it changes.
 */
export type TransportRule = (
  request: TransportRequest,
  next: Next,
  strike: () => void,
) => Promise<TransportResponse> | undefined;

/** Carries requests and does to answers what servers and proxies on the way might; counts requests. */
export class FaultyTransport implements KubeTransport {
  readonly #inner: KubeTransport;
  readonly #rules: TransportRule[] = [];
  /** Requests so far. */
  requests = 0;
  /** Answers and pieces of them that rules have changed. */
  met = 0;
  /** Requests that the server itself answered with 401. */
  unauthorized = 0;

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
    const next: Next = async (passed) => {
      const response = await this.#inner.send(passed);
      if (response.status === 401) this.unauthorized++;
      return response;
    };
    const strike = (): void => void this.met++;
    for (const rule of this.#rules) {
      const answer = rule(request, next, strike);
      if (answer !== undefined) return answer;
    }
    return next(request);
  }

  /** The same connections, past the rules and the count; disposing it leaves them open. */
  beside(): KubeTransport {
    return { send: (request) => this.#inner.send(request), [Symbol.asyncDispose]: async () => {} };
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
  return (request, next, strike) => {
    if (!isWatch(request)) return undefined;
    const struck = (event: WatchLine, line: string): readonly string[] => {
      const lines = change(event, line);
      if (lines.length !== 1 || lines[0] !== line) strike();
      return lines;
    };
    return next(inJson(request)).then((response) =>
      response.status === 200 ? { ...response, body: mangled(response.body, struck) } : response,
    );
  };
}

/** An event as it is on the wire, as far as the soak looks. */
export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly kind?: string;
    readonly apiVersion?: string;
    readonly metadata?: { readonly resourceVersion?: string };
  };
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
    if (out.length > 0) yield* inPieces(Buffer.from(`${out.join("\n")}\n`));
  }
}

/** No connection delivers more at a time, and what is long is gathered from pieces. */
const PIECE_BYTES = 65_536;

function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
