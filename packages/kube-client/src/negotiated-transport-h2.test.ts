import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { openBlackhole } from "../test/open-blackhole.ts";
import { openH2Server, type H2Handler } from "../test/open-h2-server.ts";
import { createKubeClient, createTransport, namespaces, type KubeClient, type WatchEvent } from "./index.ts";
import { createTokenFile } from "./token-source.ts";

const NAMESPACE = '{"kind":"Namespace","metadata":{"name":"a","uid":"u","resourceVersion":"1"}}';
const EVENT = `{"type":"ADDED","object":${NAMESPACE}}\n`;
const answer: H2Handler = (request, response) => {
  if (request.url.includes("watch=")) response.write(EVENT);
  else response.end(NAMESPACE);
};

async function watch(
  client: KubeClient,
  signal: AbortSignal,
): Promise<{ events: WatchEvent<unknown>[]; ended: Promise<unknown> }> {
  const events: WatchEvent<unknown>[] = [];
  const started = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of client.watch(namespaces, { signal })) {
      events.push(event);
      started.resolve();
    }
    return "end";
  })().catch((error: unknown) => error);
  await Promise.race([started.promise, ended]);
  return { events, ended };
}

describe("createTransport with HTTP/2", () => {
  it("carries 50 watches and 1,000 calls over one socket [client T1] [client T2]", async () => {
    await using server = await openH2Server(answer);
    await using client = createKubeClient(server.access);
    const stop = new AbortController();
    const watches = await Promise.all(Array.from({ length: 50 }, () => watch(client, stop.signal)));
    await Promise.all(Array.from({ length: 1000 }, () => client.get(namespaces, "a")));
    expect(server.connections()).toBe(1);
    stop.abort(new Error("enough"));
    await Promise.all(watches.map((one) => one.ended));
    await client.get(namespaces, "a");
    expect(server.connections()).toBe(1);
  });

  it("opens another connection beyond the streams that the server admits on one [client T1]", async () => {
    await using server = await openH2Server(answer, { settings: { maxConcurrentStreams: 10 } });
    await using client = createKubeClient(server.access);
    await client.get(namespaces, "a");
    const stop = new AbortController();
    for (let index = 0; index < 25; index++) await watch(client, stop.signal);
    expect(server.connections()).toBe(3);
    stop.abort();
  });

  it("speaks HTTP/1.1 with a server that has no HTTP/2, and when told to [client T2]", async () => {
    const versions: string[] = [];
    const handle: H2Handler = (request, response) => {
      versions.push(request.httpVersion);
      response.end(NAMESPACE);
    };
    await using old = await openH2Server(handle, { isHttp1Only: true });
    await using client = createKubeClient(old.access);
    for (let index = 0; index < 5; index++) await client.get(namespaces, "a");
    expect(old.connections()).toBe(1);
    expect(new Set(versions)).toEqual(new Set(["1.1"]));
  });

  it.each([
    ["HTTP/2", false],
    ["HTTP/1.1", true],
  ])(
    "leaves a connection that is held open but forwards nothing within 60 s, over %s, and goes on over another [client W10]",
    async (_name, isHttp1Only) => {
      const clock = new ManualClock();
      await using server = await openH2Server(answer, { isHttp1Only });
      await using proxy = await openBlackhole(server.port);
      await using client = createKubeClient({ ...server.access, server: `https://127.0.0.1:${proxy.port}` }, { clock });
      const stop = new AbortController();
      const before = await watch(client, stop.signal);
      proxy.swallow();
      await clock.advance(60_000);
      // HTTP/2 knows that the connection is dead; HTTP/1.1 has no way to ask, so it ends the watch as a server would.
      const end = await before.ended;
      if (!isHttp1Only) expect(end).toMatchObject({ message: expect.stringContaining("ping") });
      else expect(end).toBe("end");
      const after = await watch(client, stop.signal);
      expect(after.events).toHaveLength(1);
      expect(await client.get(namespaces, "a")).toMatchObject({ metadata: { name: "a" } });
      stop.abort();
    },
  );

  it("goes on over a new connection after GOAWAY, while open watches go on over the old one [client W15]", async () => {
    await using server = await openH2Server(answer);
    await using client = createKubeClient(server.access);
    const stop = new AbortController();
    const watching = await watch(client, stop.signal);
    const [session] = server.sessions;
    session!.goaway(0, 2 ** 31 - 1);
    await new Promise<void>((resolve) => session!.ping(() => resolve()));
    for (let index = 0; index < 5; index++) await client.get(namespaces, "a");
    expect(server.connections()).toBe(2);
    expect(server.sessions.size).toBe(2);
    stop.abort(new Error("enough"));
    expect(await watching.ended).toMatchObject({ message: "enough" });
    await expect.poll(() => server.sockets.size).toBe(1);
  });

  it("sends a write again, over another connection, when the server refused it unread [client W15] [client E2]", async () => {
    let refusals = 2;
    let sent = 0;
    await using server = await openH2Server((_request, response) => {
      sent++;
      if (refusals-- > 0) response.stream.close(7);
      else response.end(NAMESPACE);
    });
    await using client = createKubeClient(server.access);
    await client.create(namespaces, { metadata: { name: "a" } });
    expect(sent).toBe(3);
    refusals = 100;
    await expect(client.create(namespaces, { metadata: { name: "a" } })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE",
    });
    expect(sent).toBe(7);
  });

  it("reads again after the connection was lost, and never writes again [client E2]", async () => {
    let breaks = 0;
    let writes = 0;
    await using server = await openH2Server((request, response) => {
      if (request.method === "POST") writes++;
      if (breaks-- > 0) (request.stream.session!.socket as unknown as { destroy(): void }).destroy();
      else response.end(NAMESPACE);
    });
    await using client = createKubeClient(server.access);
    await client.get(namespaces, "a");
    breaks = 1;
    await client.get(namespaces, "a");
    breaks = 1;
    await expect(client.create(namespaces, { metadata: { name: "a" } })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE",
    });
    expect(writes).toBe(1);
  });

  it("asks another connection when this one leads to the wrong server (421)", async () => {
    let wrong = 1;
    await using server = await openH2Server((_request, response) => {
      if (wrong-- > 0) response.writeHead(421).end("wrong");
      else response.end(NAMESPACE);
    });
    await using client = createKubeClient(server.access);
    await client.get(namespaces, "a");
    expect(server.connections()).toBe(2);
    wrong = 100;
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ details: { status: 421 } });
  });

  it("keeps the token of an open watch, and sends the renewed one with the next call [client A3]", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "kinglet-token-")), "token");
    await writeFile(path, "one");
    const seen: (string | undefined)[] = [];
    await using server = await openH2Server((request, response) => {
      seen.push(request.headers.authorization);
      answer(request, response);
    });
    const clock = new ManualClock();
    await using client = createKubeClient({ ...server.access, token: createTokenFile(path, { clock }) });
    const stop = new AbortController();
    const watching = await watch(client, stop.signal);
    await writeFile(path, "two");
    await clock.advance(50_000);
    await client.get(namespaces, "a");
    expect(seen).toEqual(["Bearer one", "Bearer two"]);
    expect(server.connections()).toBe(1);
    stop.abort(new Error("enough"));
    expect(await watching.ended).toMatchObject({ message: "enough" });
  });

  it("names itself, and acts as another user with a header line per group and per value [client A6] [client T8]", async () => {
    const raw: string[][] = [];
    await using server = await openH2Server((request, response) => {
      raw.push(request.rawHeaders);
      response.end(NAMESPACE);
    });
    const impersonate = { user: "jane", uid: "7", groups: ["a,b", "c"], extra: { "Example.com/Scope": ["x", "y"] } };
    await using client = createKubeClient(
      { ...server.access, impersonate },
      { userAgent: "shop/1.2", fieldManager: "shop" },
    );
    await client.create(namespaces, { metadata: { name: "a" } });
    const pairs = raw[0]!.flatMap((name, index, all) => (index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : []));
    expect(pairs.filter((pair) => pair.startsWith("impersonate"))).toEqual([
      "impersonate-user: jane",
      "impersonate-uid: 7",
      "impersonate-group: a,b",
      "impersonate-group: c",
      "impersonate-extra-example.com%2fscope: x",
      "impersonate-extra-example.com%2fscope: y",
    ]);
    expect(pairs).toContain("user-agent: shop/1.2");
    expect(pairs).toContain(":path: /api/v1/namespaces?fieldManager=shop");
  });

  it("follows no redirect: credentials go to no other place", async () => {
    let requests = 0;
    await using server = await openH2Server((_request, response) => {
      requests++;
      response.writeHead(307, { location: "https://elsewhere.example.test/?token=SECRET" }).end();
    });
    await using client = createKubeClient({ ...server.access, token: "t" });
    const error = await client.get(namespaces, "a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_REDIRECT" });
    expect(String(error)).not.toContain("SECRET");
    expect(requests).toBe(1);
  });

  it("opens no further connections to a server that admits no request on one [client T1]", async () => {
    await using server = await openH2Server(answer, { settings: { maxConcurrentStreams: 0 } });
    await using client = createKubeClient(server.access);
    // The first may be under way before the server's settings arrive; it is refused then.
    for (let index = 0; index < 20; index++) {
      await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE" });
    }
    expect(server.connections()).toBe(1);
    // It may admit requests later.
    for (const session of server.sessions) session.settings({ maxConcurrentStreams: 10 });
    await waitFor(() => client.get(namespaces, "a").then(() => true), { describe: "an answer" });
    expect(server.connections()).toBe(1);
  });

  it("gives up on a server that leaves every connection at once [client W15]", async () => {
    await using server = await openH2Server(answer);
    server.server.on("session", (session) => session.goaway(0, 0));
    await using client = createKubeClient(server.access);
    const error = await client.get(namespaces, "a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE" });
    expect(server.connections()).toBeLessThanOrEqual(5);
  });

  it.each([undefined, "http/1.1" as const])("says that a header cannot be sent (%s)", async (protocol) => {
    await using server = await openH2Server(answer);
    const access = { ...server.access, impersonate: { user: "jane\n" } };
    await using client = createKubeClient(access, { transport: createTransport(access, { protocol }) });
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" });
  });

  it("refuses headers of more than 64 KiB", async () => {
    await using server = await openH2Server((_request, response) => {
      response.writeHead(200, { "x-long": "a".repeat(70_000) }).end(NAMESPACE);
    });
    await using client = createKubeClient(server.access);
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE" });
  });

  describe("what answers say besides", () => {
    function capture(): { logger: Logger; lines: { message: string; fields: unknown }[] } {
      const lines: { message: string; fields: unknown }[] = [];
      const push = (message: string, fields?: unknown): void => void lines.push({ message, fields });
      return { logger: { ...noopLogger, warn: push, info: push }, lines };
    }

    it("logs a warning once, over both protocols [client E6]", async () => {
      for (const isHttp1Only of [false, true]) {
        await using server = await openH2Server(
          (_request, response) => {
            response.setHeader("Warning", ['299 - "old version"', '299 - "unknown field, \\"x\\""']);
            response.end(NAMESPACE);
          },
          { isHttp1Only },
        );
        const { logger, lines } = capture();
        await using client = createKubeClient(server.access, { logger });
        for (let index = 0; index < 3; index++) await client.get(namespaces, "a");
        await expect.poll(() => lines.length).toBe(2);
        expect(lines.map((line) => (line.fields as { warning: string }).warning)).toEqual([
          "old version",
          'unknown field, "x"',
        ]);
      }
    });

    it("logs which flow was limited, and waits as long as it is told [client E3]", async () => {
      let limited = 1;
      const uid = "0b0f5d6a";
      await using server = await openH2Server((_request, response) => {
        if (limited-- > 0) {
          response.writeHead(429, {
            "retry-after": "2",
            "X-Kubernetes-PF-FlowSchema-UID": uid,
            "X-Kubernetes-PF-PriorityLevel-UID": "level",
          });
          response.end('{"kind":"Status","code":429,"reason":"TooManyRequests"}');
        } else response.end(NAMESPACE);
      });
      const { logger, lines } = capture();
      const clock = new ManualClock();
      await using client = createKubeClient(server.access, { logger, clock });
      const waiting = client.get(namespaces, "a");
      await expect.poll(() => lines.length).toBe(1);
      expect(lines[0]?.fields).toMatchObject({ flowSchemaUid: uid, priorityLevelUid: "level", delayMs: 2000 });
      await clock.advance(2000);
      expect(await waiting).toMatchObject({ metadata: { name: "a" } });
      limited = 100;
      await using impatient = createKubeClient(server.access, { retries: 0 });
      await expect(impatient.get(namespaces, "a")).rejects.toMatchObject({ details: { flowSchemaUid: uid } });
    });
  });

  describe("with compressed answers", () => {
    const gzipped: (parts: readonly string[]) => H2Handler = (parts) => (_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      for (const part of parts) response.write(gzipSync(part));
      response.end();
    };

    it("asks for gzip only when told to, and reads it either way [client T3]", async () => {
      const asked: unknown[] = [];
      await using server = await openH2Server((request, response) => {
        asked.push(request.headers["accept-encoding"]);
        gzipped([NAMESPACE])(request, response);
      });
      for (const acceptsGzip of [false, true]) {
        await using client = createKubeClient(server.access, { acceptsGzip });
        expect(await client.get(namespaces, "a")).toMatchObject({ metadata: { name: "a" } });
      }
      expect(asked).toEqual(["identity", "gzip"]);
    });

    it("reads a stream of many members, each event as it arrives [client T3]", async () => {
      const more = Promise.withResolvers<void>();
      await using server = await openH2Server((_request, response) => {
        response.writeHead(200, { "content-encoding": "gzip" });
        response.write(gzipSync(EVENT));
        response.write(gzipSync(EVENT));
        void more.promise.then(() => response.end(gzipSync(EVENT + EVENT)));
      });
      await using client = createKubeClient(server.access);
      const events: unknown[] = [];
      for await (const event of client.watch(namespaces)) {
        events.push(event);
        if (events.length === 2) more.resolve();
      }
      expect(events).toHaveLength(4);
    });

    it("bounds what a small answer may inflate to, and reports a broken one", async () => {
      const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32));
      expect(bomb.length).toBeLessThan(100_000);
      await using server = await openH2Server((request, response) => {
        response.writeHead(request.url.endsWith("error") ? 500 : 200, { "content-encoding": "gzip" });
        response.end(request.url.endsWith("broken") ? "no gzip" : bomb);
      });
      await using client = createKubeClient(server.access, { retries: 0 });
      for (const name of ["bomb", "error"])
        await expect(client.get(namespaces, name)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE" });
      await expect(client.get(namespaces, "broken")).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE",
      });
    });
  });
});
