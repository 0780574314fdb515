import { ManualClock, type Clock } from "@kinglet/lifecycle";
import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { once } from "node:events";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openH2Server, pemOf, type H2Server } from "../test/open-h2-server.ts";
import { Dialer } from "./dialer.ts";
import {
  createKubeClient,
  loadClusterAccess,
  namespaces,
  type ClusterAccess,
  type KubeClient,
  type WatchEvent,
} from "./index.ts";

const NAMESPACE = '{"kind":"Namespace","metadata":{"name":"a","uid":"u","resourceVersion":"1"}}';
const CERTIFICATES = join(import.meta.dirname, "../test/certificates");

/** Answers with the name in the client's certificate; watches stay open. */
async function openNamingServer(names: string[], certificate?: string): Promise<H2Server> {
  return openH2Server(
    (request, response) => {
      const socket = request.stream.session!.socket as unknown as {
        getPeerCertificate(): { readonly subject?: { readonly CN?: string } };
      };
      names.push(socket.getPeerCertificate().subject?.CN ?? "nobody");
      if (request.url.includes("watch=")) response.write(`{"type":"ADDED","object":${NAMESPACE}}\n`);
      else response.end(NAMESPACE);
    },
    {
      requestCert: true,
      rejectUnauthorized: false,
      ca: pemOf("authority-a.pem"),
      ...(certificate === undefined ? {} : { certificate }),
    },
  );
}

interface Watching {
  readonly events: WatchEvent<unknown>[];
  readonly ended: Promise<unknown>;
}

async function watch(client: KubeClient, signal: AbortSignal): Promise<Watching> {
  const events: WatchEvent<unknown>[] = [];
  const started = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of client.watch(namespaces, { signal, idleTimeoutMs: 1e9 })) {
      events.push(event);
      started.resolve();
    }
  })().catch((error: unknown) => error);
  await started.promise;
  return { events, ended };
}

/** A kubeconfig whose certificates are files in a folder of its own. */
async function accessWithFiles(server: H2Server, clock: Clock): Promise<{ dir: string; access: ClusterAccess }> {
  const dir = await mkdtemp(join(tmpdir(), "kinglet-rotation-"));
  for (const [from, to] of [
    ["authority-a.pem", "ca.pem"],
    ["client-one.pem", "cert.pem"],
    ["client-one.key", "key.pem"],
  ] as const)
    await copyFile(join(CERTIFICATES, from), join(dir, to));
  const kubeconfig = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: server.access.server, "certificate-authority": join(dir, "ca.pem") } }],
    users: [{ name: "u", user: { "client-certificate": join(dir, "cert.pem"), "client-key": join(dir, "key.pem") } }],
  };
  return { dir, access: await loadClusterAccess({ kubeconfig, env: {}, clock }) };
}

describe("Dialer", () => {
  it("verifies the server against the given authority [client T5]", async () => {
    await using server = await openNamingServer([]);
    await using client = createKubeClient({ ...server.access, caPem: pemOf("authority-b.pem") });
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
    await using right = createKubeClient(server.access);
    await right.get(namespaces, "a");
  });

  it("asks for and verifies the name of tls-server-name instead of the address [client T5]", async () => {
    const asked: string[] = [];
    await using server = await openNamingServer([], "server-named");
    server.server.on("secureConnection", (socket: { servername?: string }) => asked.push(String(socket.servername)));
    await using wrong = createKubeClient(server.access);
    await expect(wrong.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
    await using client = createKubeClient({ ...server.access, tlsServerName: "api.example.test" });
    await client.get(namespaces, "a");
    expect(asked).toContain("api.example.test");
  });

  it("accepts any certificate where verification is switched off, and sends no name for an address [client T5]", async () => {
    const asked: unknown[] = [];
    await using server = await openNamingServer([], "server-b");
    server.server.on("secureConnection", (socket: { servername?: unknown }) => asked.push(socket.servername));
    await using client = createKubeClient({ ...server.access, insecureSkipTlsVerify: true });
    await client.get(namespaces, "a");
    expect(asked).toEqual([false]);
  });

  it("speaks TLS 1.2 at least [client T5]", async () => {
    await using server = await openH2Server((_request, response) => response.end(NAMESPACE), {
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
    });
    await using client = createKubeClient(server.access);
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: expect.stringMatching(/UNREACHABLE|TLS/) });
  });

  it("reaches IPv6 literals [client T5]", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await openH2Server((request, response) => {
      seen.push(request.authority);
      response.end(NAMESPACE);
    });
    await using forward = await openForward(server.port, "::1");
    await using client = createKubeClient({ ...server.access, server: `https://[::1]:${forward.port}` });
    await client.get(namespaces, "a");
    expect(seen).toEqual([`[::1]:${forward.port}`]);
  });

  it("logs in with a client certificate, given inline or as files [client T5]", async () => {
    const names: string[] = [];
    await using server = await openNamingServer(names);
    await using inline = createKubeClient({
      ...server.access,
      clientCertificatePem: pemOf("client-two.pem"),
      clientKeyPem: pemOf("client-two.key"),
    });
    await inline.get(namespaces, "a");
    const { access } = await accessWithFiles(server, new ManualClock());
    await using files = createKubeClient(access);
    await files.get(namespaces, "a");
    expect(names).toEqual(["client-two", "client-one"]);
  });

  it("moves to a new client certificate within 5 min: calls go on, watches end so that they are made again, old connections close [client T7]", async () => {
    const names: string[] = [];
    const clock = new ManualClock();
    await using server = await openNamingServer(names);
    const { dir, access } = await accessWithFiles(server, clock);
    await using client = createKubeClient(access);
    const stop = new AbortController();
    const watching = await watch(client, stop.signal);
    const [first] = server.sockets;
    await copyFile(join(CERTIFICATES, "client-two.pem"), join(dir, "cert.pem"));
    await clock.advance(299_999);
    await client.get(namespaces, "a");
    // The key has not been replaced yet: the pair does not fit, so the old one stays in use.
    await clock.advance(1);
    await client.get(namespaces, "a");
    await copyFile(join(CERTIFICATES, "client-two.key"), join(dir, "key.pem"));
    await client.get(namespaces, "a");
    expect(await watching.ended).toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE",
      message: expect.stringContaining("new credentials"),
    });
    expect(names).toEqual(["client-one", "client-one", "client-one", "client-two"]);
    await expect.poll(() => first?.destroyed).toBe(true);
    stop.abort();
  });

  it("trusts a new authority without a restart: new connections are made with it, an open watch goes on [client T7]", async () => {
    const clock = new ManualClock();
    await using server = await openNamingServer([]);
    const { dir, access } = await accessWithFiles(server, clock);
    await using client = createKubeClient(access);
    const stop = new AbortController();
    const watching = await watch(client, stop.signal);
    await writeFile(join(dir, "ca.pem"), pemOf("authority-a.pem") + pemOf("authority-b.pem"));
    await clock.advance(300_000);
    server.server.setSecureContext({ cert: pemOf("server-b.pem"), key: pemOf("server-b.key") });
    await client.get(namespaces, "a");
    expect(server.connections()).toBe(2);
    expect(server.sockets.size).toBe(2);
    stop.abort(new Error("enough"));
    expect(await watching.ended).toMatchObject({ message: "enough" });
    await expect.poll(() => server.sockets.size).toBe(1);
  });

  it("looks for a new authority at once when the server presents a certificate that is not trusted [client T7]", async () => {
    const clock = new ManualClock();
    await using server = await openNamingServer([], "server-b");
    const { dir, access } = await accessWithFiles(server, clock);
    await using client = createKubeClient(access, { clock });
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
    await writeFile(join(dir, "ca.pem"), pemOf("authority-b.pem"));
    await client.get(namespaces, "a");
  });

  it("notices a new certificate beside a quiet watch, without any call [client T7]", async () => {
    const clock = new ManualClock();
    await using server = await openNamingServer([]);
    const { dir, access } = await accessWithFiles(server, clock);
    await using client = createKubeClient(access, { clock });
    const stop = new AbortController();
    const watching = await watch(client, stop.signal);
    await copyFile(join(CERTIFICATES, "client-two.pem"), join(dir, "cert.pem"));
    await copyFile(join(CERTIFICATES, "client-two.key"), join(dir, "key.pem"));
    const [session] = server.sessions;
    for (let step = 1; step <= 10; step++) {
      const pinged = step === 10 ? Promise.resolve() : once(session!, "ping");
      await clock.advance(30_000);
      await pinged;
      // Its answer comes after the one to the client's ping: both have arrived then.
      if (step < 10) await new Promise<void>((resolve) => session!.ping(() => resolve()));
    }
    expect(await watching.ended).toMatchObject({ message: expect.stringContaining("new credentials") });
  });

  it("gives up after 30 s on a server that accepts and says nothing", async () => {
    const clock = new ManualClock();
    const silent = net.createServer();
    const accepted = once(silent, "connection");
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as net.AddressInfo;
    await using client = createKubeClient({ server: `https://127.0.0.1:${port}`, origin: "test" }, { clock });
    const waiting = client.get(namespaces, "a").catch((error: unknown) => error);
    const [socket] = (await accepted) as [net.Socket];
    await clock.advance(30_000);
    expect(await waiting).toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE",
      message: expect.stringContaining("within 30000 ms"),
    });
    socket.destroy();
    silent.close();
  });

  it("leaves neither socket nor timer when the client is closed while it connects [client W14]", async () => {
    const clock = new ManualClock();
    const silent = net.createServer();
    const accepted = once(silent, "connection");
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as net.AddressInfo;
    const client = createKubeClient({ server: `https://127.0.0.1:${port}`, origin: "test" }, { clock });
    const waiting = client.get(namespaces, "a").catch((error: unknown) => error);
    const [socket] = (await accepted) as [net.Socket];
    const closed = once(socket, "close");
    socket.resume();
    await client[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE" });
    await closed;
    expect(clock.pendingTimers).toBe(0);
    silent.close();
  });

  it("survives a connection that breaks before anybody uses it", async () => {
    await using server = await openH2Server((_request, response) => response.end());
    const socket = await new Dialer(server.access).dial(["http/1.1"]);
    socket.destroy(new Error("broken"));
    // An error that nobody listens for would end the process.
    await new Promise((resolve) => socket.on("close", resolve));
    expect(socket.destroyed).toBe(true);
  });
});

async function openForward(port: number, host: string): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = net.createServer((inbound) => {
    const outbound = net.connect(port, "127.0.0.1");
    inbound.pipe(outbound).pipe(inbound);
    for (const socket of [inbound, outbound]) {
      socket.on("error", () => {});
      socket.on("close", () => [inbound, outbound].forEach((other) => other.destroy()));
    }
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    [Symbol.asyncDispose]: () => {
      server.close();
      return Promise.resolve();
    },
  };
}
