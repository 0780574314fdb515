import {
  endsInitialEvents,
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
    answer("401 once", () => times(3, () => statusAnswer(401, "Unauthorized"))),
    answer("401 for ever", () => all(() => statusAnswer(401, "Unauthorized"))),
    answer("token expiry mid-run", () => some(() => statusAnswer(401, "Unauthorized"))),
    answer("403 on watch only", () => watches(() => statusAnswer(403, "Forbidden"))),
    answer("404 (CRD deleted)", () => all(() => statusAnswer(404, "NotFound"))),
    answer("409 storm", () => some(() => statusAnswer(409, "Conflict"))),
    answer("410 HTTP", () => some(() => statusAnswer(410, "Expired"))),
    answer("410 in an ERROR event", () => mangledWatch(afterSome(() => [errorLine(410, "Expired")]))),
    answer("429 in an ERROR event", () => mangledWatch(afterSome(() => [errorLine(429, "TooManyRequests")]))),
    answer("500 in an ERROR event", () => mangledWatch(afterSome(() => [errorLine(500, "InternalError")]))),
    listAnswer("410 on page 2", () => (request) => {
      // A list at a version is not paged; one without, after a version is gone, is.
      const isRefused =
        request.path.includes("continue=") || (!isWatch(request) && /resourceVersion=\d/.test(request.path));
      return isRefused ? Promise.resolve(statusAnswer(410, "Expired")) : undefined;
    }),
    listAnswer(
      "422 to sendInitialEvents",
      () => (request) => (isStreamingList(request) ? Promise.resolve(statusAnswer(422, "Invalid")) : undefined),
    ),
    listAnswer(
      "sendInitialEvents ignored",
      () => (request, next) =>
        isStreamingList(request)
          ? next({ ...request, path: request.path.replace(/&?(?:sendInitialEvents|resourceVersionMatch)=\w+/g, "") })
          : undefined,
    ),
    answer("bookmark missing", () => mangledWatch((event, line) => (event.type === "BOOKMARK" ? [] : [line]))),
    answer("bookmark with lower version", () =>
      mangledWatch((event, line) => (event.type === "BOOKMARK" && !endsInitialEvents(event) ? [lower(event)] : [line])),
    ),
    answer("429 without Retry-After", () => some(() => statusAnswer(429, "TooManyRequests"))),
    answer("429 with Retry-After", () => some(() => statusAnswer(429, "TooManyRequests", { retryAfter: 3 }))),
    answer("500", () => some(() => statusAnswer(500, "InternalError"))),
    answer("503 with Retry-After", () => some(() => statusAnswer(503, "ServiceUnavailable", { retryAfter: 2 }))),
    answer("504 too large version", () =>
      some(() =>
        statusAnswer(504, "Timeout", {
          retryAfter: 1,
          details: { causes: [{ reason: "ResourceVersionTooLarge", message: "too large" }] },
        }),
      ),
    ),
    answer("duplicate events", () => mangledWatch((_event, line) => [line, line])),
    answer("event replay after reconnect", () => {
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
    answer("objects without metadata", () => mangledWatch((event, line) => strange(event, line, { kind: "Nothing" }))),
    answer("Table objects", () =>
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
    answer("16 MiB line", () =>
      mangledWatch(afterSome(() => [`{"type":"ADDED","object":{"x":"${"x".repeat(17_000_000)}"}}`])),
    ),
    answer("half a line, then more", () => mangledWatch(afterSome(() => ['{"type":"ADDED","object":{"metadata":']))),
    answer("HTML of a proxy", () =>
      some(() => ({
        ...statusAnswer(502, "BadGateway"),
        headers: { "content-type": "text/html" },
      })),
    ),
    {
      name: "gzip multi-member",
      leftOut: () =>
        "compression is asked for by the client's own suite only; a soak has no server that compresses watches",
      make: async () => {},
    },
  ];
}

/** The fault meets requests as they come again: the open ones are reset. */
function answer(name: string, rule: () => TransportRule): SoakFault {
  return {
    name,
    isAmbush: true,
    make: async ({ transport, server }) => {
      const remove = transport.add(rule());
      server.proxy.resetAll();
      return () => {
        remove();
        // No stream stays open that still passes through the rule.
        server.proxy.resetAll();
      };
    },
  };
}

/** The same for faults of lists: history goes, so that informers have to list. */
function listAnswer(name: string, rule: () => TransportRule): SoakFault {
  return {
    name,
    isAmbush: true,
    make: async ({ transport, server, churn }) => {
      const remove = transport.add(rule());
      await server.proxy.setMode("refuse");
      await churn.burst(100);
      await server.restart();
      await server.proxy.setMode("forward");
      return remove;
    },
  };
}

function all(make: () => ReturnType<typeof statusAnswer>): TransportRule {
  return () => Promise.resolve(make());
}

/** Two of three requests. */
function some(make: () => ReturnType<typeof statusAnswer>): TransportRule {
  let count = 0;
  return (request, next) => (++count % 3 === 0 ? next(request) : Promise.resolve(make()));
}

function times(limit: number, make: () => ReturnType<typeof statusAnswer>): TransportRule {
  let count = 0;
  return () => (++count > limit ? undefined : Promise.resolve(make()));
}

function watches(make: () => ReturnType<typeof statusAnswer>): TransportRule {
  return (request) => (isWatch(request) ? Promise.resolve(make()) : undefined);
}

/** Every hundredth event of a stream is replaced. */
function afterSome(make: () => readonly string[]): (event: WatchLine, line: string) => readonly string[] {
  let count = 0;
  return (_event, line) => (++count % 100 === 0 ? make() : [line]);
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

function lower(event: WatchLine): string {
  return JSON.stringify({
    ...event,
    object: { ...event.object, metadata: { ...event.object.metadata, resourceVersion: "17" } },
  });
}
