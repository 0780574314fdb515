import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { describe, expect, it } from "vitest";
import { openH2Server, pemOf, type H2Server } from "../../test/open-h2-server.ts";
import { createKubeClient, namespaces, type ClusterAccess } from "../index.ts";

const NAMESPACE = '{"kind":"Namespace","metadata":{"name":"a","uid":"u","resourceVersion":"1"}}';

interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Targets asked for, with the credentials that came along. */
  readonly seen: string[];
}

async function listening(server: net.Server, seen: string[]): Promise<Proxy> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The names that the tests ask for exist nowhere: the proxy leads all to one port. */
function join(one: net.Socket, port: number): void {
  const other = net.connect(port, "127.0.0.1");
  one.pipe(other).pipe(one);
  other.on("error", () => one.destroy());
  one.on("close", () => other.destroy());
}

function openConnectProxy(port: number, status = 200): Promise<Proxy> {
  const seen: string[] = [];
  const server = http.createServer();
  server.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
    seen.push(`${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
    socket.write(`HTTP/1.1 ${status} whatever\r\n\r\n`);
    if (status === 200) join(socket, port);
    else socket.end();
  });
  return listening(server, seen);
}

function openSocksProxy(
  port: number,
  options: { readonly password?: string; readonly reply?: number } = {},
): Promise<Proxy> {
  const seen: string[] = [];
  const server = net.createServer((socket) => {
    void (async () => {
      const more = async (): Promise<Buffer> => ((await once(socket, "data")) as [Buffer])[0];
      const methods = new Set((await more()).subarray(2));
      const wanted = options.password === undefined ? 0 : 2;
      socket.write(Buffer.from([5, methods.has(wanted) ? wanted : 0xff]));
      if (wanted === 2 && methods.has(2)) {
        const login = await more();
        const user = login.subarray(2, 2 + login[1]!).toString();
        const password = login.subarray(3 + login[1]!).toString();
        seen.push(`${user}:${password}`);
        socket.write(Buffer.from([1, password === options.password ? 0 : 1]));
      }
      const ask = await more();
      const host = ask[3] === 1 ? [...ask.subarray(4, 8)].join(".") : ask.subarray(5, 5 + ask[4]!).toString();
      seen.push(`${host}:${ask.readUInt16BE(ask.length - 2)}`);
      // Byte by byte, with what the server says at once right behind.
      for (const byte of [5, options.reply ?? 0, 0, 3, 2, 120, 121, 0, 80]) socket.write(Buffer.from([byte]));
      join(socket, port);
    })().catch(() => socket.destroy());
  });
  return listening(server, seen);
}

function through(server: H2Server, proxyUrl: string, host = "api.example.test"): ClusterAccess {
  return { ...server.access, server: `https://${host}:6443`, tlsServerName: "localhost", proxyUrl };
}

async function openServer(): Promise<H2Server> {
  return openH2Server((_request, response) => response.end(NAMESPACE));
}

describe("openThroughProxy", () => {
  it("reaches the server through CONNECT, with the proxy's credentials, all requests over one connection [client T6]", async () => {
    await using server = await openServer();
    await using proxy = await openConnectProxy(server.port);
    await using client = createKubeClient(through(server, `http://us%40er:p%3Ass@127.0.0.1:${proxy.port}`));
    for (let index = 0; index < 3; index++) await client.get(namespaces, "a");
    const basic = Buffer.from("us@er:p:ss").toString("base64");
    expect(proxy.seen).toEqual([`api.example.test:6443 Basic ${basic}`]);
  });

  it("does so over HTTP/1.1 and to an IPv6 address as well [client T6]", async () => {
    await using server = await openH2Server((_request, response) => response.end(NAMESPACE), {
      isHttp1Only: true,
    });
    await using proxy = await openConnectProxy(server.port);
    await using client = createKubeClient(through(server, `http://127.0.0.1:${proxy.port}`, "[fd00::1]"));
    for (let index = 0; index < 3; index++) await client.get(namespaces, "a");
    expect(new Set(proxy.seen)).toEqual(new Set(["[fd00::1]:6443 -"]));
    expect(proxy.seen.length).toBeLessThanOrEqual(2);
  });

  it("does not trust an https proxy that the system does not trust [client T6]", async () => {
    await using server = await openServer();
    const secure = https.createServer({ cert: pemOf("server-a.pem"), key: pemOf("server-a.key") });
    secure.on("tlsClientError", () => {});
    await using proxy = await listening(secure, []);
    await using client = createKubeClient(through(server, `https://127.0.0.1:${proxy.port}`));
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
  });

  it.each(["socks5", "socks5h"])(
    "reaches the server through a %s proxy, which looks up the name [client T6]",
    async (scheme) => {
      await using server = await openServer();
      await using proxy = await openSocksProxy(server.port);
      await using client = createKubeClient(through(server, `${scheme}://127.0.0.1:${proxy.port}`));
      await client.get(namespaces, "a");
      await using byAddress = createKubeClient(through(server, `${scheme}://127.0.0.1:${proxy.port}`, "10.0.0.1"));
      await byAddress.get(namespaces, "a");
      expect(proxy.seen).toEqual(["api.example.test:6443", "10.0.0.1:6443"]);
    },
  );

  it("logs in to a SOCKS proxy [client T6]", async () => {
    await using server = await openServer();
    await using proxy = await openSocksProxy(server.port, { password: "s3cret" });
    await using client = createKubeClient(through(server, `socks5://me:s3cret@127.0.0.1:${proxy.port}`));
    await client.get(namespaces, "a");
    expect(proxy.seen[0]).toBe("me:s3cret");
  });

  it("names the proxy and its refusal, never its password [client T6] [client A7]", async () => {
    await using server = await openServer();
    await using http407 = await openConnectProxy(server.port, 407);
    await using wrong = await openSocksProxy(server.port, { password: "other" });
    await using refusing = await openSocksProxy(server.port, { reply: 5 });
    for (const [url, message] of [
      [`http://me:s3cret@127.0.0.1:${http407.port}`, `proxy http://127.0.0.1:${http407.port}: answered 407 to CONNECT`],
      [`socks5://me:s3cret@127.0.0.1:${wrong.port}`, "did not accept user and password"],
      [`socks5://127.0.0.1:${wrong.port}`, "asks for a way to log in that is not offered"],
      [`socks5://me:s3cret@127.0.0.1:${refusing.port}`, "connection refused"],
      [`socks5://me:s3cret@127.0.0.1:1`, "ECONNREFUSED"],
      [`s3cret`, "the proxy's address is not a URL"],
    ] as const) {
      await using client = createKubeClient(through(server, url));
      const error = await client.get(namespaces, "a").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE" });
      expect((error as Error).message).toContain(message);
      const cause = (error as Error).cause as Error;
      expect(`${String(error)} ${cause.stack ?? ""} ${JSON.stringify(error)}`).not.toContain("s3cret");
    }
  });
});
