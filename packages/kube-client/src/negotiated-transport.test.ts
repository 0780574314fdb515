import { hasCode } from "@kinglet/errors";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createKubeClient, pods, type ClusterAccess, type KubeObject } from "./index.ts";

interface Server extends AsyncDisposable {
  readonly access: ClusterAccess;
  readonly sockets: () => number;
  readonly seen: http.IncomingMessage[];
}

async function open(answer: (request: http.IncomingMessage, response: http.ServerResponse) => void): Promise<Server> {
  const seen: http.IncomingMessage[] = [];
  let sockets = 0;
  const server = http.createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  server.on("connection", () => sockets++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    access: {
      server: `http://127.0.0.1:${port}/k8s/c-1/`,
      origin: "test",
      impersonate: { user: "u", groups: ["a", "b"] },
    },
    sockets: () => sockets,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const pod = JSON.stringify({ kind: "Pod", metadata: { name: "a", namespace: "n", uid: "u", resourceVersion: "1" } });

describe("createTransport", () => {
  it("sends every request over one kept connection, under the server's path prefix [client T1]", async () => {
    await using server = await open((_request, response) => response.end(pod));
    await using client = createKubeClient(server.access, { userAgent: "test/1" });
    for (let index = 0; index < 20; index++) await client.get(pods, "a", { namespace: "n" });
    expect(server.sockets()).toBe(1);
    expect(server.seen[0]?.url).toBe("/k8s/c-1/api/v1/namespaces/n/pods/a");
    expect(server.seen[0]?.headers).toMatchObject({ "user-agent": "test/1", "accept-encoding": "identity" });
    expect(server.seen[0]?.headersDistinct["impersonate-group"]).toEqual(["a", "b"]);
  });

  it("keeps its connection after an error answer", async () => {
    await using server = await open((_request, response) =>
      response.writeHead(404).end('{"kind":"Status","code":404}'),
    );
    await using client = createKubeClient(server.access);
    for (let index = 0; index < 3; index++) await client.get(pods, "a", { namespace: "n" }).catch(() => {});
    expect(server.sockets()).toBe(1);
  });

  it("streams a watch, and closes its connection when the signal fires", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await open((request, response) => {
      request.socket.once("close", () => closed.resolve());
      response.write(`{"type":"ADDED","object":${pod}}\n`);
    });
    await using client = createKubeClient(server.access);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of client.watch<KubeObject>(pods, { signal: stop.signal })) {
        seen.push(event.type);
        stop.abort(new Error("enough"));
      }
    })();
    await expect(watching).rejects.toThrow("enough");
    await closed.promise;
    expect(seen).toEqual(["ADDED"]);
  });

  it.each([
    ["before the head", (response: http.ServerResponse) => response.destroy()],
    ["in the body", (response: http.ServerResponse) => response.write('{"kind":', () => response.destroy())],
    ["by a reset", (response: http.ServerResponse) => void response.socket?.resetAndDestroy()],
  ])("reports a connection that breaks %s as UNREACHABLE", async (_name, act) => {
    await using server = await open((_request, response) => void act(response));
    await using client = createKubeClient(server.access);
    const error = await client.get(pods, "a", { namespace: "n" }).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE")).toBe(true);
  });

  it("reports a refused connection as UNREACHABLE, with the address", async () => {
    const access = await (async () => {
      await using server = await open(() => {});
      return server.access;
    })();
    await using client = createKubeClient(access);
    await expect(client.get(pods, "a", { namespace: "n" })).rejects.toThrow(/ECONNREFUSED 127\.0\.0\.1/);
  });

  it("survives a kept connection that the server closed, without an error [client E2]", async () => {
    await using server = await open((request, response) => {
      response.end(pod, () => setImmediate(() => request.socket.destroy()));
    });
    await using client = createKubeClient(server.access);
    for (let index = 0; index < 30; index++) await client.get(pods, "a", { namespace: "n" });
    expect(server.seen.length).toBe(30);
  });

  it.each([
    ["not a url", "is not a URL"],
    ["ftp://127.0.0.1", "must be https"],
    ["http://example.com", "must be https"],
    ["https://user:pass@example.com", "user name or password"],
  ])("refuses the server %j", (server, problem) => {
    expect(() => createKubeClient({ server, origin: "test" })).toThrow(problem);
  });
});
