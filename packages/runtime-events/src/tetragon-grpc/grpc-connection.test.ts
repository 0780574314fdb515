import { createServer as createHttpServer } from "node:http";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { createServer as createSocketServer, type AddressInfo, type Server } from "node:net";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { GrpcConnection } from "./grpc-connection.ts";
import { openSocket } from "./open-socket.ts";

interface Peer extends AsyncDisposable {
  readonly connection: GrpcConnection;
  readonly clock: ManualClock;
}

async function connectTo(server: Server | Http2Server): Promise<Peer> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  const options = { clock, signal: new AbortController().signal };
  const socket = await openSocket({ kind: "tcp", host: "127.0.0.1", port }, undefined, options);
  const connection = new GrpcConnection(socket, clock);
  return {
    connection,
    clock,
    [Symbol.asyncDispose]: async () => {
      connection.destroy("test");
      await connection.closed;
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function http2Peer(answer: (stream: ServerHttp2Stream) => void): Promise<Peer> {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    answer(stream);
  });
  return connectTo(server);
}

const events = { maxMessageBytes: 1000, onMessage: () => {}, onTooLong: () => {}, onChunkEnd: () => {} };
const read = (peer: Peer): Promise<string> => peer.connection.serverStream("GetEvents", new Uint8Array(), events);

describe("GrpcConnection", () => {
  it.each([
    [
      "a status without a body",
      { "grpc-status": "7", "grpc-message": "no%20rights%0A" },
      "PERMISSION_DENIED: no rights ",
    ],
    ["a message that is badly encoded", { "grpc-status": "14", "grpc-message": "50%" }, "UNAVAILABLE: 50%"],
    ["a code that gRPC does not have", { "grpc-status": "99" }, "CODE_99"],
    ["success", { "grpc-status": "0" }, "the agent ended it"],
    ["no status at all", {}, "the stream ended without a status"],
  ])("tells how a call ended: %s [tetragon-grpc C1]", async (_name, headers, expected) => {
    await using peer = await http2Peer((stream) => stream.respond({ ":status": 200, ...headers }, { endStream: true }));
    expect(await read(peer)).toBe(expected);
  });

  it("gives up something that speaks HTTP/2 but not gRPC, although its body has no end [tetragon-grpc C2]", async () => {
    await using peer = await http2Peer((stream) => {
      stream.respond({ ":status": 404 });
      stream.write("<html>");
    });
    expect(await read(peer)).toContain("HTTP_404");
  });

  it("gives up something that does not speak HTTP/2, and something that hangs up [tetragon-grpc C2]", async () => {
    await using old = await connectTo(createHttpServer((_request, response) => response.end("hello")));
    expect(await Promise.race([read(old), old.connection.closed])).not.toBe("");
    await using rude = await connectTo(createSocketServer((socket) => socket.destroy()));
    expect(await Promise.race([read(rude), rude.connection.closed])).not.toBe("");
    await using noise = await connectTo(
      createSocketServer((socket) =>
        socket
          .resume()
          .on("error", () => {})
          .write(Buffer.alloc(1000, 7)),
      ),
    );
    expect(await Promise.race([read(noise), noise.connection.closed])).not.toBe("");
  });

  it("ends a stream whose messages are compressed [tetragon-grpc C3]", async () => {
    await using peer = await http2Peer((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(Buffer.from([1, 0, 0, 0, 1, 65]));
    });
    expect(await read(peer)).toBe("a message is compressed, which was not asked for");
  });

  it("lets a unary call wait so long and no longer, and keeps one message of bounded size [tetragon-grpc C4]", async () => {
    await using silent = await http2Peer(() => {});
    const call = silent.connection.unary("GetVersion", new Uint8Array(), 10_000);
    await silent.clock.advance(10_000);
    expect(await call).toEqual({ outcome: "timeout" });
    await using huge = await http2Peer((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.concat([Buffer.from([0, 0, 0x20, 0, 0]), Buffer.alloc(0x200000)]));
    });
    const answer = await huge.connection.unary("GetVersion", new Uint8Array(), 10_000);
    expect(answer).toMatchObject({ outcome: "status", status: { code: "OK" } });
  });

  it("drains for 5 s after GOAWAY and then ends [tetragon-grpc C5]", async () => {
    await using peer = await http2Peer((stream) => {
      stream.respond({ ":status": 200 });
      stream.write(Buffer.from([0, 0, 0, 0, 0]));
      stream.session!.goaway(0, stream.id ?? 1);
    });
    const arrived = Promise.withResolvers<void>();
    const end = peer.connection.serverStream("GetEvents", new Uint8Array(), {
      ...events,
      onMessage: () => arrived.resolve(),
    });
    await arrived.promise;
    while (peer.clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    await peer.clock.advance(5000);
    expect(await end).toBe("the agent said that it goes away, code 0");
  });
});
