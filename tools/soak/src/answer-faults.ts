import type { TransportRequest, TransportResponse } from "@kinglet/kube-client";
import { gzipSync } from "node:zlib";
import { ambush, listAmbush } from "./ambush.ts";
import {
  isStreamingList,
  isWatch,
  mangledWatch,
  statusAnswer,
  type TransportRule,
  type WatchLine,
} from "./faulty-transport.ts";
import type { SoakFault } from "./soak-fault.ts";

/** Faults of answers: made between the client and its transport, so that any server can have them. */
export function answerFaults(): readonly SoakFault[] {
  let seen = 0;
  return [
    ambush("403 on watch only", () => refused(isWatch, () => statusAnswer(403, "Forbidden"))),
    ambush("404 (CRD deleted)", () =>
      refused(
        () => true,
        () => statusAnswer(404, "NotFound"),
      ),
    ),
    ambush("409 storm", () => some(() => statusAnswer(409, "Conflict"))),
    ambush("410 HTTP", () => some(() => statusAnswer(410, "Expired"))),
    ambush("410 in an ERROR event", () => mangledWatch(afterSome(() => [errorLine(410, "Expired")]))),
    ambush("429 in an ERROR event", () => mangledWatch(afterSome(() => [errorLine(429, "TooManyRequests")]))),
    ambush("500 in an ERROR event", () => mangledWatch(afterSome(() => [errorLine(500, "InternalError")]))),
    listAmbush("410 on page 2", () =>
      refused(
        // A list at a version is not paged; one without, after a version is gone, is.
        (request) =>
          request.path.includes("continue=") || (!isWatch(request) && /resourceVersion=\d/.test(request.path)),
        () => statusAnswer(410, "Expired"),
      ),
    ),
    listAmbush("422 to sendInitialEvents", () => refused(isStreamingList, () => statusAnswer(422, "Invalid"))),
    listAmbush("sendInitialEvents ignored", () => (request, next, strike) => {
      if (!isStreamingList(request)) return undefined;
      strike();
      return next({
        ...request,
        path: request.path.replace(/&?(?:sendInitialEvents|resourceVersionMatch)=\w+/g, ""),
      });
    }),
    // Informers list, so that the bookmark which closes a streaming list is one of them.
    listAmbush("bookmark missing", () => mangledWatch((event, line) => (event.type === "BOOKMARK" ? [] : [line]))),
    ambush("bookmark with lower version", () => {
      let count = 0;
      return mangledWatch((event, line) => (++count % 20 === 0 ? [lowBookmark(event), line] : [line]));
    }),
    ambush("429 without Retry-After", () => some(() => statusAnswer(429, "TooManyRequests"))),
    ambush("429 with Retry-After", () => some(() => statusAnswer(429, "TooManyRequests", { retryAfter: 3 }))),
    ambush("500", () => some(() => statusAnswer(500, "InternalError"))),
    ambush("503 with Retry-After", () => some(() => statusAnswer(503, "ServiceUnavailable", { retryAfter: 2 }))),
    ambush("504 too large version", () =>
      some(() =>
        statusAnswer(504, "Timeout", {
          retryAfter: 1,
          details: { causes: [{ reason: "ResourceVersionTooLarge", message: "too large" }] },
        }),
      ),
    ),
    ambush("duplicate events", () => mangledWatch((_event, line) => [line, line])),
    ambush("event replay after reconnect", () => {
      const history: string[] = [];
      return mangledWatch((event, line) => {
        const replay = history.length > 0 && ++seen % 50 === 0 ? history.slice(0, 10) : [];
        if (event.type === "MODIFIED" || event.type === "DELETED") {
          history.push(line);
          if (history.length > 200) history.shift();
        }
        return [...replay, line];
      });
    }),
    ambush("objects without metadata", () => mangledWatch((event, line) => strange(event, line, { kind: "Nothing" }))),
    ambush("Table objects", () =>
      mangledWatch((event, line) =>
        strange(event, line, {
          kind: "Table",
          apiVersion: "meta.k8s.io/v1",
          metadata: {},
          columnDefinitions: [],
          rows: [],
        }),
      ),
    ),
    ambush("16 MiB line", () =>
      mangledWatch(afterSome(() => [`{"type":"ADDED","object":{"x":"${"x".repeat(17_000_000)}"}}`])),
    ),
    ambush("half a line, then more", () => mangledWatch(afterSome(() => ['{"type":"ADDED","object":{"metadata":']))),
    ambush("HTML of a proxy", () =>
      some(() => ({
        ...statusAnswer(502, "BadGateway"),
        headers: { "content-type": "text/html" },
      })),
    ),
    {
      name: "gzip multi-member",
      isAmbush: true,
      make: async ({ transport, server }) => {
        // A server that can does it itself, for this client alone asks; in front of one that cannot stands a proxy that compresses.
        const stop = server.startGzipMembers?.();
        const remove = transport.add(inGzipMembers);
        server.proxy.resetAll();
        return () => {
          stop?.();
          remove();
          server.proxy.resetAll();
        };
      },
    },
  ];
}

/** Two of three requests. */
function some(make: () => TransportResponse): TransportRule {
  let count = 0;
  return refused(() => ++count % 3 !== 0, make);
}

function refused(meets: (request: TransportRequest) => boolean, make: () => TransportResponse): TransportRule {
  return (request, _next, strike) => {
    if (!meets(request)) return undefined;
    strike();
    return Promise.resolve(make());
  };
}

/** Asks for gzip, and compresses what comes as it is: each piece is a member of its own. */
function inGzipMembers(
  request: TransportRequest,
  next: (request: TransportRequest) => Promise<TransportResponse>,
  strike: () => void,
): Promise<TransportResponse> {
  async function* members(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      strike();
      yield gzipSync(chunk, { level: 1 });
    }
  }
  async function* counted(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      strike();
      yield chunk;
    }
  }
  return next({ ...request, headers: { ...request.headers, "accept-encoding": "gzip" } }).then((response) => {
    const { headers, body } = response;
    if (headers["content-encoding"] === "gzip") return { ...response, body: counted(body) };
    const { "content-length": _length, ...rest } = headers;
    return { ...response, headers: { ...rest, "content-encoding": "gzip" }, body: members(body) };
  });
}

/** Every twentieth event of a stream is replaced. */
function afterSome(make: () => readonly string[]): (event: WatchLine, line: string) => readonly string[] {
  let count = 0;
  return (_event, line) => (++count % 20 === 0 ? make() : [line]);
}

/** Every tenth event comes with something strange before it. */
function strange(event: WatchLine, line: string, object: object): readonly string[] {
  const { resourceVersion = "" } = event.object.metadata ?? {};
  return resourceVersion.endsWith("7") ? [JSON.stringify({ type: "ADDED", object }), line] : [line];
}

function errorLine(code: number, reason: string): string {
  return JSON.stringify({
    type: "ERROR",
    object: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `soak: ${reason}` },
  });
}

function lowBookmark({ object }: WatchLine): string {
  const { kind, apiVersion } = object;
  return JSON.stringify({ type: "BOOKMARK", object: { kind, apiVersion, metadata: { resourceVersion: "17" } } });
}
