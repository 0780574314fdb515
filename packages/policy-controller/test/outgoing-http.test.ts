import { createKubeClient, type KubeClient, type KubeClientOptions } from "@kinglet/kube-client";
import { describe, expect, it } from "vitest";
import { configMaps } from "../src/resources/controlled-resource.ts";
import { openHttpsServer, type Answer } from "./open-https-server.ts";

const chunk = Buffer.alloc(65_536, "x");
const megabyte = 1_048_576;
const status = (message: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('{"kind":"Status","apiVersion":"v1","status":"Failure","code":500,"message":"'),
    Buffer.from(message),
    Buffer.from('"}'),
  ]);

/** What the controller asks of the API server goes through one client. */
describe.each(["h2", "http/1.1"] as const)("outgoing HTTP over %s", (protocol) => {
  const open = async (answer: Answer, options: KubeClientOptions = {}) => {
    const server = await openHttpsServer(protocol, answer);
    const client = createKubeClient(server.access, { retries: 0, ...options });
    return {
      server,
      client,
      [Symbol.asyncDispose]: async () => {
        await client[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  };
  const get = (client: KubeClient, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<unknown> =>
    client.get(configMaps, "one", { namespace: "kinglet", ...options });
  const plain: Answer = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"metadata":{"name":"one"}}');
  };
  const failing =
    (body: Buffer, headers: Record<string, string> = {}): Answer =>
    (_, response) => {
      response.writeHead(500, { "content-type": "application/json", ...headers });
      response.end(body);
    };
  /** An answer that goes on for as long as somebody takes it. */
  const endless =
    (code: number): Answer =>
    (_, response) => {
      response.writeHead(code, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed && response.writable && response.write(chunk)) {
          // until the buffer is full
        }
      };
      response.on("drain", more).on("error", () => {});
      more();
    };

  it("[operator 9.3 one-connection] makes 200 calls one after the other on one connection", async () => {
    await using setup = await open(plain);
    for (let call = 0; call < 200; call += 1) await get(setup.client);
    expect(setup.server.connections()).toBe(1);
  });

  it("[operator 9.3 drained] goes on with the same connection after answers that are errors", async () => {
    let count = 0;
    await using setup = await open((request, response) => {
      count += 1;
      (count % 2 === 0 ? plain : failing(status("no")))(request, response);
    });
    for (let call = 0; call < 40; call += 1) await get(setup.client).catch(() => {});
    expect(setup.server.connections()).toBe(1);
  });

  it("[operator 9.3 cap] keeps 200 calls at once below the cap of calls and of connections", async () => {
    let open0 = 0;
    let most = 0;
    await using setup = await open((request, response) => {
      open0 += 1;
      most = Math.max(most, open0);
      setImmediate(() => {
        open0 -= 1;
        plain(request, response);
      });
    });
    await Promise.all(Array.from({ length: 200 }, () => get(setup.client)));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
    expect(setup.server.connections()).toBeLessThanOrEqual(16);
  });

  it("[operator 9.3 closed] leaves no socket when it stops", async () => {
    await using setup = await open(plain);
    await Promise.all(Array.from({ length: 20 }, () => get(setup.client)));
    await setup.client[Symbol.asyncDispose]();
    await expect.poll(() => setup.server.sockets.size).toBe(0);
  });

  it("[operator 9.3 deadline] gives up an answer that does not end", async () => {
    await using setup = await open((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"metadata"');
    });
    await expect(get(setup.client, { timeoutMs: 100 })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_TIMEOUT",
    });
  });

  it("[operator 9.3 abort] closes the request when the reconcile is aborted", async () => {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    await using setup = await open((_, response) => {
      response.on("close", () => closed.resolve());
      arrived.resolve();
    });
    const ending = new AbortController();
    const call = get(setup.client, { signal: ending.signal });
    await arrived.promise;
    ending.abort(new Error("stopped"));
    await expect(call).rejects.toThrow("stopped");
    await closed.promise;
  });

  it("[operator 9.6 endless-error] takes no more than a mebibyte of an error without end", async () => {
    await using setup = await open(endless(500));
    await expect(get(setup.client, { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: expect.stringMatching(/^KINGLET_ERR_KUBE_CLIENT_/),
    });
    await setup.client[Symbol.asyncDispose]();
    await expect.poll(() => setup.server.sockets.size).toBe(0);
    // What is in the buffers of both kernels comes on top.
    expect(setup.server.sent()).toBeLessThan(16 * megabyte);
  });

  it("[operator 9.6 endless-answer] takes no more than 32 mebibytes of an answer without end", async () => {
    await using setup = await open(endless(200));
    await expect(get(setup.client, { timeoutMs: 20_000 })).rejects.toMatchObject({
      code: expect.stringMatching(/^KINGLET_ERR_KUBE_CLIENT_/),
    });
    await setup.client[Symbol.asyncDispose]();
    await expect.poll(() => setup.server.sockets.size).toBe(0);
    expect(setup.server.sent()).toBeLessThan(64 * megabyte);
  });

  it("[operator 9.6 slow-drip] ends with the deadline while an error drips", async () => {
    await using setup = await open((_, response) => {
      response.writeHead(500, { "content-type": "application/json" });
      const timer = setInterval(() => response.write("x"), 5);
      response.on("close", () => clearInterval(timer)).on("error", () => {});
    });
    await expect(get(setup.client, { timeoutMs: 150 })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_TIMEOUT",
    });
  });

  it.each([65_535, 65_536, 65_537])(
    "[operator 9.6 limit] reads an error of %i bytes, and says little of it",
    async (size) => {
      const empty = status("").length;
      await using setup = await open(failing(status("m".repeat(size - empty))));
      const error = await get(setup.client).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_SERVER" });
    },
  );

  it("[operator 9.6 utf-8] reads an error of broken UTF-8 as far as it goes", async () => {
    await using setup = await open(failing(status(Buffer.from([0xc3, 0x28, 0xf0, 0x9f]))));
    await expect(get(setup.client)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_SERVER" });
  });

  it("[operator 9.6 lying-length] fails when an answer is shorter than it says", async () => {
    await using setup = await open((_, response) => {
      response.writeHead(500, { "content-type": "application/json", "content-length": "1000" });
      response.write("{}", () => response.destroy());
    });
    await expect(get(setup.client, { timeoutMs: 2000 })).rejects.toMatchObject({
      code: expect.stringMatching(/^KINGLET_ERR_KUBE_CLIENT_/),
    });
  });
});
