import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { openLoopbackProxy, type LoopbackProxy } from "./loopback-proxy.ts";

/** A server that sends back what it gets, with a proxy in front. */
async function open(): Promise<{ readonly proxy: LoopbackProxy; readonly close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  const proxy = await openLoopbackProxy(`https://127.0.0.1:${port}`);
  const close = async (): Promise<void> => {
    await proxy[Symbol.asyncDispose]();
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { proxy, close };
}

/** What comes back for `text`, or how the connection ends. */
function ask(proxy: LoopbackProxy, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(proxy.server).port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      if (answer.length < text.length) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(`${error.code} after ${answer.length}`));
    socket.on("end", () => resolve(`end after ${answer.length}`));
  });
}

describe("openLoopbackProxy", () => {
  it("forwards, refuses, resets, trickles and cuts as told", async () => {
    const { proxy, close } = await open();
    const text = "x".repeat(5000);
    expect(await ask(proxy, text)).toBe(text);
    await proxy.setMode("trickle");
    expect(await ask(proxy, text)).toBe(text);
    await proxy.setMode("refuse");
    expect(await ask(proxy, text)).toBe("ECONNREFUSED after 0");
    await proxy.setMode("reset");
    expect(await ask(proxy, text)).toContain("ECONNRESET");
    await proxy.setMode("forward");
    proxy.cutAfter(100);
    expect(proxy.cuts).toBe(0);
    expect(await ask(proxy, text)).toMatch(/after (100|0)$/);
    // Those that are refused are not accepted.
    expect([proxy.cuts, proxy.accepted]).toEqual([1, 4]);
    proxy.cutAfter(undefined);
    expect(await ask(proxy, text)).toBe(text);
    await close();
  });

  it("listens where it is told to", async () => {
    const { proxy, close } = await open();
    const other = await openLoopbackProxy(proxy.server, { host: "127.0.0.2", port: proxy.port });
    expect(other.server).toBe(`https://127.0.0.2:${proxy.port}`);
    const socket = connect(other.port, "127.0.0.2", () => socket.write("hello"));
    expect(String(((await once(socket, "data")) as [Buffer])[0])).toBe("hello");
    socket.destroy();
    await other[Symbol.asyncDispose]();
    await close();
  });

  it("holds what passes until told otherwise, and leaves connections half-open", async () => {
    const { proxy, close } = await open();
    await proxy.setMode("hold");
    const held = ask(proxy, "hello");
    await expect(Promise.race([held, new Promise((resolve) => setTimeout(resolve, 50, "nothing"))])).resolves.toBe(
      "nothing",
    );
    await proxy.setMode("forward");
    expect(await held).toBe("hello");
    await proxy.setMode("silent");
    const lost = ask(proxy, "hello");
    await expect(Promise.race([lost, new Promise((resolve) => setTimeout(resolve, 50, "nothing"))])).resolves.toBe(
      "nothing",
    );
    proxy.endAll();
    expect(await lost).toBe("end after 0");
    await close();
  });
});
