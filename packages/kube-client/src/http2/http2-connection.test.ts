import { systemClock, ManualClock, type Clock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { duplexPair, type Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openH2Server, type H2Server } from "../../test/open-h2-server.ts";
import { Dialer } from "../dialer.ts";
import type { TransportRequest, TransportResponse } from "../transport.ts";
import { Http2Connection } from "./http2-connection.ts";

async function connect(server: H2Server, clock = systemClock): Promise<Http2Connection & AsyncDisposable> {
  const dialer = new Dialer(server.access);
  const socket = await dialer.dial(["h2"]);
  const connection = new Http2Connection(socket, { authority: dialer.authority, clock, onRetire: () => {} });
  return Object.assign(connection, {
    [Symbol.asyncDispose]: () => {
      connection.destroy(new Error("test is over"));
      return Promise.resolve();
    },
  });
}

function get(path: string, extra: Partial<TransportRequest> = {}): TransportRequest {
  return { method: "GET", path, headers: {}, signal: new AbortController().signal, ...extra };
}

async function textOf(response: TransportResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

describe("Http2Connection", () => {
  it("carries many requests at a time over one socket, bodies both ways", async () => {
    await using server = await openH2Server((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
    });
    await using connection = await connect(server);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_value, index) =>
        textOf(await connection.send(get(`/${index}`, { method: "POST", body: "b".repeat(index * 5000) }), "/pre")),
      ),
    );
    answers.forEach((answer, index) => expect(answer).toBe(`POST /pre/${index} ${"b".repeat(index * 5000)}`));
    expect(server.connections()).toBe(1);
    expect(connection.streams).toBe(0);
  });

  it("understands whatever headers a server sends, Huffman codes included", async () => {
    const values: Record<string, string>[] = [];
    await using server = await openH2Server((_request, response) => {
      response.writeHead(200, values.at(-1));
      response.end();
    });
    await using connection = await connect(server);
    const value = fc.string({
      unit: fc
        .integer({ min: 0x21, max: 0xff })
        .filter((code) => code !== 0x7f)
        .map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^x-[a-z0-9-]{1,20}$/), value, { maxKeys: 5 }),
        async (headers) => {
          values.push({ ...headers });
          const response = await connection.send(get("/"), "");
          expect(response.headers).toMatchObject({ ...headers });
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it("sends headers of more than a frame, and every value of a list as a line of its own", async () => {
    await using server = await openH2Server(
      (request, response) =>
        response.end(JSON.stringify([request.headers["x-long"]?.length, request.headers["x-many"]])),
      { maxSessionMemory: 50, settings: { maxHeaderListSize: 200_000 }, maxHeaderListPairs: 2000 },
    );
    await using connection = await connect(server);
    const headers = { "x-long": "a".repeat(40_000), "x-many": ["1", "2"], "X-Upper": "u" };
    expect(JSON.parse(await textOf(await connection.send(get("/", { headers }), "")))).toEqual([40_000, "1, 2"]);
  });

  it("holds no more of an unread answer than its window, and goes on when it is read, while others are not held up", async () => {
    const size = 3_000_000;
    let written = 0;
    await using server = await openH2Server((request, response) => {
      if (request.url === "/small") {
        response.end("small");
        return;
      }
      const stream = response.stream;
      const write = (): void => {
        while (written < size) {
          written += 10_000;
          if (!stream.write(Buffer.alloc(10_000, 97))) {
            stream.once("drain", write);
            return;
          }
        }
        stream.end();
      };
      write();
    });
    await using connection = await connect(server);
    const big = await connection.send(get("/big"), "");
    expect(await textOf(await connection.send(get("/small"), ""))).toBe("small");
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(written).toBeLessThan(700_000);
    expect(await textOf(big)).toHaveLength(size);
  });

  it("ends a request at its signal, before and after the head, and tells the server", async () => {
    const closed: string[] = [];
    await using server = await openH2Server((request, response) => {
      request.on("close", () => closed.push(request.url));
      if (request.url === "/after") response.write("x");
    });
    await using connection = await connect(server);
    const before = new AbortController();
    const waiting = connection.send(get("/before", { signal: before.signal }), "");
    before.abort(new Error("no more"));
    await expect(waiting).rejects.toThrow("no more");
    const after = new AbortController();
    const response = await connection.send(get("/after", { signal: after.signal }), "");
    const reading = textOf(response);
    after.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    await expect.poll(() => closed.sort()).toEqual(["/after", "/before"]);
    expect(connection.streams).toBe(0);
    expect(server.sockets.size).toBe(1);
  });

  it("reports an answer that the server breaks off, and one that is shorter than announced", async () => {
    await using server = await openH2Server((request, response) => {
      if (request.url === "/reset") {
        response.write("half");
        setImmediate(() => response.stream.close(2));
      } else {
        response.stream.respond({ ":status": 200, "content-length": "100" });
        response.stream.end("short");
      }
    });
    await using connection = await connect(server);
    await expect(connection.send(get("/reset"), "").then(textOf)).rejects.toThrow("broke the answer off");
    await expect(connection.send(get("/short"), "").then(textOf)).rejects.toThrow(/early|broke/);
  });

  it("goes on with what is under way after GOAWAY, and takes nothing new", async () => {
    const release = Promise.withResolvers<void>();
    await using server = await openH2Server((_request, response) => {
      response.write("a");
      void release.promise.then(() => response.end("b"));
    });
    await using connection = await connect(server);
    const response = await connection.send(get("/"), "");
    for (const session of server.sessions) session.goaway(0, 2 ** 31 - 1);
    await expect.poll(() => connection.hasRoom).toBe(false);
    await expect(connection.send(get("/"), "")).rejects.toMatchObject({ wasNotProcessed: true });
    release.resolve();
    expect(await textOf(response)).toBe("ab");
  });

  describe("with a peer that is written by hand", () => {
    it("says of requests beyond the last that the server names in GOAWAY that they were not processed [client W15]", async () => {
      const { connection, peer } = pair();
      const first = connection.send(get("/1"), "");
      const second = connection.send(get("/2"), "");
      peer.write(frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]));
      await expect(second).rejects.toMatchObject({ wasNotProcessed: true });
      peer.write(frame(1, 5, 1, [0x88]));
      expect((await first).status).toBe(200);
    });

    it("says the same of a refused stream", async () => {
      const { connection, peer } = pair();
      const waiting = connection.send(get("/1"), "");
      peer.write(frame(3, 0, 1, [0, 0, 0, 7]));
      await expect(waiting).rejects.toMatchObject({ wasNotProcessed: true });
    });

    it("reads padding, priorities, continued headers, 1xx, trailers and unknown frames, byte by byte", async () => {
      const { connection, peer } = pair();
      const waiting = connection.send(get("/1"), "");
      const bytes = Buffer.concat([
        frame(4, 0, 0, []),
        frame(99, 255, 0, [1, 2, 3]),
        frame(1, 4, 1, [0x08, 3, ...Buffer.from("103")]),
        frame(1, 0x28, 1, [2, 0, 0, 0, 0, 0, 0x88, 0x00, 1, 9, 9]),
        frame(9, 0, 1, [120, 2]),
        frame(9, 4, 1, [...Buffer.from("yz")]),
        frame(0, 8, 1, [3, ...Buffer.from("one"), 0, 0, 0]),
        frame(0, 0, 1, []),
        frame(0, 8, 1, [0, ...Buffer.from("two")]),
        frame(0, 8, 1, [2, 0, 0]),
        frame(1, 5, 1, [0x00, 1, 116, 1, 117]),
      ]);
      for (const byte of bytes) peer.write(Buffer.from([byte]));
      const response = await waiting;
      expect(response.headers).toEqual({ x: "yz" });
      expect(await textOf(response)).toBe("onetwo");
    });

    it.each([
      ["a frame of", frame(0, 0, 1, []).fill(0xff, 0, 3)],
      ["a pushed answer", frame(5, 4, 1, [0, 0, 0, 2])],
      ["headers that cannot be decoded", frame(1, 5, 1, [0xff, 0xff])],
      ["without a status", frame(1, 5, 1, [0x00, 1, 116, 1, 117])],
      ["a header block that is interrupted", Buffer.concat([frame(1, 0, 1, [0x88]), frame(0, 0, 1, [1])])],
      [
        "a header block that is interrupted",
        Buffer.concat([frame(1, 0, 1, [0x88]), frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])]),
      ],
      ["a body without a head", frame(0, 0, 1, [1])],
      ["more padding than bytes", Buffer.concat([frame(1, 4, 1, [0x88]), frame(0, 8, 1, [9, 1])])],
      [
        "headers of more than 65536 bytes",
        Buffer.concat([
          frame(1, 0, 1, [0x88]),
          ...Array.from({ length: 5 }, () =>
            frame(
              9,
              0,
              1,
              Array.from({ length: 16_384 }, () => 0),
            ),
          ),
        ]),
      ],
      [
        "more of a body than it announced",
        Buffer.concat([frame(1, 4, 1, [0x88, 0x0f, 13, 1, 49]), frame(0, 0, 1, [1, 2])]),
      ],
      [
        "more of a body than it was allowed to",
        Buffer.concat([
          frame(1, 4, 1, [0x88]),
          ...Array.from({ length: 17 }, () =>
            frame(
              0,
              0,
              1,
              Array.from({ length: 16_384 }, () => 0),
            ),
          ),
        ]),
      ],
      [
        "headers of more than 65536 bytes",
        Buffer.concat([frame(1, 0, 1, [0x88]), ...Array.from({ length: 65_536 }, () => frame(9, 0, 1, []))]),
      ],
    ])("gives up a server that sends %s", async (problem, bytes) => {
      const { connection, peer } = pair();
      const waiting = connection.send(get("/1"), "").then(async (response) => {
        // The body is not read before all has come.
        await nextTurn();
        return textOf(response);
      });
      peer.write(bytes);
      await expect(waiting).rejects.toMatchObject({ code: "EPROTO", message: expect.stringContaining(problem) });
    });

    it("gives up a server that wants answers and does not read them", async () => {
      const { connection, peer } = pair();
      const waiting = connection.send(get("/1"), "").then(textOf);
      peer.pause();
      const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])));
      for (let index = 0; index < 600; index++) peer.write(pings);
      await expect(waiting).rejects.toMatchObject({ message: expect.stringContaining("does not read") });
    });

    it("survives any frames: each request ends, with an answer or an error, and nothing is thrown", async () => {
      const anyFrame = fc
        .record({
          type: fc.integer({ min: 0, max: 12 }),
          flags: fc.integer({ min: 0, max: 255 }),
          streamId: fc.constantFrom(0, 1, 1, 1, 3, 5, 9),
          payload: fc.oneof(
            fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }),
            fc.constantFrom([0x88], [0x8d], [0, 0, 0, 7], [0, 0, 0, 0, 0, 0, 0, 0]),
          ),
        })
        .map((one) => frame(one.type, one.flags, one.streamId, one.payload));
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyFrame, { minLength: 1, maxLength: 30 }),
          fc.integer({ min: 1, max: 64 }),
          async (frames, size) => {
            const { connection, peer } = pair();
            const ends = [0, 1, 2].map((index) =>
              connection
                .send(get(`/${index}`), "")
                .then(textOf)
                .catch((error: unknown) => error),
            );
            const bytes = Buffer.concat(frames);
            for (let at = 0; at < bytes.length; at += size) peer.write(bytes.subarray(at, at + size));
            peer.end();
            for (const end of await Promise.all(ends))
              expect(typeof end === "string" || end instanceof Error).toBe(true);
            expect(connection.streams).toBe(0);
          },
        ),
        { seed: 1, numRuns: 300 },
      );
    });

    it("sends no more of a body than the server's windows admit", async () => {
      const { connection, peer, sentBytes } = pair();
      void connection.send(get("/1", { method: "POST", body: "b".repeat(200_000) }), "").catch(() => {});
      await expect.poll(sentBytes).toBeGreaterThan(65_535);
      expect(sentBytes()).toBeLessThan(66_500);
      peer.write(Buffer.concat([frame(8, 0, 0, [0, 2, 0, 0]), frame(4, 0, 0, [0, 4, 0, 1, 0x86, 0xa0])]));
      await expect.poll(sentBytes).toBeGreaterThan(100_000);
      expect(sentBytes()).toBeLessThan(101_000);
      peer.write(frame(8, 0, 1, [0, 2, 0, 0]));
      await expect.poll(sentBytes).toBeGreaterThan(196_000);
    });

    it("pings a silent peer after 30 s, goes on when it answers, and gives it up 15 s after a ping that it does not answer [client W10]", async () => {
      const clock = new ManualClock();
      const { connection, peer, pings } = pair(clock);
      const waiting = connection.send(get("/watch"), "");
      peer.write(frame(1, 4, 1, [0x88]));
      const response = await waiting;
      const end = response.body[Symbol.asyncIterator]()
        .next()
        .catch((error: unknown) => error);
      await clock.advance(29_999);
      expect(pings()).toBe(0);
      await clock.advance(1);
      await expect.poll(pings).toBe(1);
      await clock.advance(100);
      peer.write(frame(6, 1, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
      await nextTurn();
      await clock.advance(14_900);
      expect(connection.streams).toBe(1);
      await clock.advance(15_100);
      await expect.poll(pings).toBe(2);
      await clock.advance(14_999);
      expect(connection.streams).toBe(1);
      await clock.advance(1);
      expect(await end).toMatchObject({ code: "ETIMEDOUT", message: expect.stringContaining("silent for 45 s") });
    });

    it("has one timer that does not hold the process when nothing is under way, and closes after 90 s", async () => {
      const clock = new ManualClock();
      const { connection, peer, pings } = pair(clock);
      const waiting = connection.send(get("/1"), "");
      peer.write(frame(1, 5, 1, [0x88]));
      await waiting;
      await clock.advance(89_999);
      expect(connection.hasRoom).toBe(true);
      await clock.advance(1);
      expect(connection.hasRoom).toBe(false);
      expect(pings()).toBe(0);
    });
  });

  it("refuses a header that cannot be sent before anything is sent, and repeats nothing of it [client A7]", async () => {
    const { connection, sentBytes } = pair();
    const before = sentBytes();
    const sending = connection.send(get("/", { headers: { "x-a": "se\ncret" } }), "");
    await expect(sending).rejects.toMatchObject({ code: "ERR_INVALID_CHAR", message: "a header that cannot be sent" });
    expect([sentBytes(), connection.streams]).toEqual([before, 0]);
  });

  it("reads a 304 and a 204 whatever length they name: they have no body", async () => {
    const { connection, peer } = pair();
    const answers = [connection.send(get("/1"), ""), connection.send(get("/2"), "")];
    peer.write(frame(1, 5, 1, [0x8b, 0x0f, 13, 1, 49]));
    peer.write(frame(1, 5, 3, [0x89, 0x0f, 13, 1, 49]));
    for (const answer of answers) expect(await textOf(await answer)).toBe("");
  });
});

function frame(type: number, flags: number, streamId: number, payload: readonly number[]): Buffer {
  return Buffer.from([
    payload.length >> 16,
    (payload.length >> 8) & 0xff,
    payload.length & 0xff,
    type,
    flags,
    0,
    0,
    0,
    streamId,
    ...payload,
  ]);
}

function pair(clock: Clock = systemClock): {
  readonly connection: Http2Connection;
  readonly peer: Duplex;
  readonly sentBytes: () => number;
  readonly pings: () => number;
} {
  const [ours, peer] = duplexPair();
  const sent: Buffer[] = [];
  peer.on("data", (chunk: Buffer) => sent.push(chunk));
  const connection = new Http2Connection(ours, { authority: "test", clock, onRetire: () => {} });
  const all = (): Buffer => Buffer.concat(sent);
  const pings = (): number => {
    let count = 0;
    for (let at = 24; at < all().length; at += 9 + all().readUIntBE(at, 3)) if (all()[at + 3] === 6) count++;
    return count;
  };
  return { connection, peer, sentBytes: () => all().length, pings };
}
