import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { systemClock } from "@kinglet/lifecycle";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { openWebhook, pem, received, recordingRoute, token, type SendOptions } from "../../test/open-webhook.ts";
import { openWebhookListener } from "./open-webhook-listener.ts";

const folder = join(import.meta.dirname, "../../test/certificates");
const certificate = { certificateFile: join(folder, "server-one.pem"), keyFile: join(folder, "server-one.key") };
const clientAuthorityFile = join(folder, "clients-a.pem");
const common = { routes: [], clock: systemClock, logger: noopLogger, metrics: noopMetrics };
const client = "api-server";

describe("openWebhookListener", () => {
  describe("settings", () => {
    it.each([":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"])(
      "refuses plain HTTP on %s [webhook transport]",
      async (bind) => {
        await expect(openWebhookListener({ bind, ...common })).rejects.toMatchObject({
          code: "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_PLAIN_HTTP",
        });
      },
    );

    it("refuses to be open to everybody off loopback, with a certificate too [webhook transport]", async () => {
      await expect(openWebhookListener({ bind: ":0", certificate, ...common })).rejects.toMatchObject({
        code: "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPEN",
      });
    });

    it.each([
      [{ bind: "off" }, "WEBHOOK_OPTION"],
      [{ bind: "nonsense" }, "ENDPOINTS_BIND"],
      [{ maxBodyBytes: 10 }, "WEBHOOK_OPTION"],
      [{ maxConnections: 0 }, "WEBHOOK_OPTION"],
      [{ clientAuthorityFile }, "WEBHOOK_OPTION"],
      [{ tokenFile: "/nowhere" }, "ENDPOINTS_TOKEN_FILE"],
      [{ certificate: { ...certificate, certificateFile: "/nowhere" }, clientAuthorityFile }, "WEBHOOK_CERTIFICATE"],
      [
        { certificate: { ...certificate, keyFile: join(folder, "server-two.key") }, clientAuthorityFile },
        "WEBHOOK_CERTIFICATE",
      ],
      [{ certificate, clientAuthorityFile: join(folder, "README.md") }, "WEBHOOK_CERTIFICATE"],
      [{ bind: "192.0.2.1:0", certificate, clientAuthorityFile }, "WEBHOOK_ADDRESS"],
    ])("refuses %j with a code [webhook transport]", async (changes, code) => {
      const opening = openWebhookListener({ bind: "127.0.0.1:0", ...common, ...changes });
      await expect(opening).rejects.toMatchObject({ code: expect.stringContaining(code) });
    });

    it("refuses a port that is in use [webhook transport]", async () => {
      await using webhook = await openWebhook({ isPlain: true });
      const bind = `127.0.0.1:${webhook.listener.port}`;
      await expect(openWebhookListener({ bind, ...common })).rejects.toThrow("the port is in use");
    });
  });

  describe("who is let in", () => {
    it("lets everybody in over plain HTTP on loopback, unless there is a token [webhook authentication]", async () => {
      await using open = await openWebhook({ isPlain: true });
      expect((await open.send({ body: "x" })).status).toBe(200);
      await using closed = await openWebhook({ isPlain: true, hasToken: true });
      expect((await closed.send({ body: "x" })).status).toBe(401);
      expect((await closed.send({ body: "x", headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    });

    const withToken = { authorization: `Bearer ${token}` };
    it.each<[string, SendOptions, number]>([
      ["a certificate of the authority", { client }, 200],
      ["no certificate", {}, 401],
      ["a certificate of another authority with the same name", { client: "stranger" }, 401],
      ["a certificate of another name", { client: "falco" }, 401],
      ["the server's own certificate", { client: "server-one" }, 401],
      ["the token", { headers: withToken }, 200],
      ["the token and a stranger's certificate", { client: "stranger", headers: withToken }, 200],
      ["a wrong token", { headers: { authorization: `Bearer ${token}x` } }, 401],
      ["a wrong token and the certificate", { client, headers: { authorization: "Bearer nonsense" } }, 200],
      ["the token as a password", { headers: { authorization: `Basic ${token}` } }, 401],
    ])("answers a client with %s with its status [webhook authentication]", async (_who, options, status) => {
      await using webhook = await openWebhook({ hasToken: true, clientNames: ["kube-apiserver"] });
      const answer = await webhook.send({ body: "{}", ...options });
      expect(answer.status).toBe(status);
      expect(webhook.route.begun).toBe(status === 200 ? 1 : 0);
      expect(await webhook.refused("unauthorized")).toBe(status === 200 ? 0 : 1);
      if (status === 401) expect(answer.headers).toMatchObject({ "www-authenticate": "Bearer", connection: "close" });
    });

    it("takes nothing from web pages [webhook authentication]", async () => {
      await using webhook = await openWebhook({ isPlain: true });
      expect((await webhook.send({ body: "{}", headers: { origin: "http://127.0.0.1" } })).status).toBe(403);
      expect(await webhook.refused("origin")).toBe(1);
    });

    it("tells strangers nothing about its paths [webhook authentication]", async () => {
      await using webhook = await openWebhook();
      for (const path of ["/in", "/nowhere"]) expect((await webhook.send({ path, method: "GET" })).status).toBe(401);
    });

    it("lets all names of the authority in when none are given [webhook authentication]", async () => {
      await using webhook = await openWebhook();
      expect((await webhook.send({ client: "falco", body: "{}" })).status).toBe(200);
    });
  });

  describe("what is taken", () => {
    it("gives the body to the route of its path and answers 200 when that has taken it [webhook status]", async () => {
      await using webhook = await openWebhook();
      const body = Buffer.alloc(3_000_000, "abc");
      const answer = await webhook.send({ client, path: "/in?timeout=30s", body });
      expect(answer).toMatchObject({ status: 200, text: "" });
      expect(webhook.route.bodies[0]?.equals(body)).toBe(true);
    });

    it.each<[string, SendOptions, number, string]>([
      ["another path", { path: "/other" }, 404, "path"],
      ["a path that only begins like it", { path: "/in/" }, 404, "path"],
      ["GET", { method: "GET" }, 405, "method"],
      ["PUT", { method: "PUT", body: "{}" }, 405, "method"],
      ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415, "content-type"],
      ["protobuf", { headers: { "content-type": "application/vnd.kubernetes.protobuf" } }, 415, "content-type"],
      ["a compressed body", { headers: { "content-encoding": "gzip" } }, 415, "content-type"],
      ["an announced body that is too large", { body: Buffer.alloc(5000) }, 413, "too-large"],
      [
        "a chunked body that is too large",
        { body: Buffer.alloc(5000), headers: { "transfer-encoding": "chunked" } },
        413,
        "too-large",
      ],
    ])("refuses %s with status and reason, and counts it [webhook status]", async (_what, options, status, reason) => {
      await using webhook = await openWebhook({ maxBodyBytes: 4096 });
      const answer = await webhook.send({ client, ...options });
      expect(answer.status).toBe(status);
      expect(answer.text).not.toBe("");
      expect(answer.headers["allow"]).toBe(status === 405 ? "POST" : undefined);
      expect(await webhook.refused(reason)).toBe(1);
      expect(webhook.route.bodies).toEqual([]);
    });

    it("takes 16 MiB and refuses a byte more [webhook status]", async () => {
      await using webhook = await openWebhook({ isPlain: true });
      expect((await webhook.send({ body: Buffer.alloc(16_777_216) })).status).toBe(200);
      expect((await webhook.send({ body: Buffer.alloc(16_777_217) })).status).toBe(413);
    });

    it.each([
      ["announced", {}],
      ["chunked", { "transfer-encoding": "chunked" }],
    ])(
      "gives the first part of an %s body that is too large to a route that takes it, and answers 200 [webhook cut]",
      async (_how, headers) => {
        await using webhook = await openWebhook({ isPlain: true, maxBodyBytes: 100_000 });
        let cuts = 0;
        webhook.route.onCut = () => void cuts++;
        const body = Buffer.alloc(350_000, "abcdefg");
        for (let turn = 1; turn <= 2; turn++) {
          expect(await webhook.send({ body, headers })).toMatchObject({
            status: 200,
            headers: { connection: "close" },
          });
          expect([cuts, await webhook.refused("too-large")]).toEqual([turn, turn]);
        }
        expect(webhook.route.bodies.every((part) => part.equals(body.subarray(0, 100_000)))).toBe(true);
        webhook.route.onPush = () => ({ status: 429, text: "no room" });
        expect((await webhook.send({ body, headers })).status).toBe(429);
        expect(cuts).toBe(2);
      },
    );

    it("receives four times the largest body of one that is cut, not more [webhook cut]", async () => {
      await using webhook = await openWebhook({ isPlain: true, maxBodyBytes: 10_000 });
      webhook.route.onCut = () => {};
      const socket = await webhook.socket();
      const got = received(socket);
      const head = "POST /in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
      socket.write(`${head}content-length: 10000000\r\n\r\n${"x".repeat(40_000)}`);
      await expect.poll(() => webhook.route.bodies.length).toBe(1);
      expect(got.text).toBe("");
      socket.write("x");
      await got.closed;
      expect(got.text).toMatch(/^HTTP\/1.1 200/);
    });

    it("says 429 and when to come again, or 400 and why, after reading the whole body [webhook status]", async () => {
      await using webhook = await openWebhook({ isPlain: true });
      webhook.route.onPush = () => ({ status: 429, text: "no room" });
      const body = Buffer.alloc(8_000_000);
      expect(await webhook.send({ body })).toMatchObject({
        status: 429,
        text: "no room\n",
        headers: { "retry-after": "2" },
      });
      webhook.route.onPush = () => undefined;
      webhook.route.onEnd = () => ({ status: 400, text: "no list" });
      expect(await webhook.send({ body })).toMatchObject({ status: 400, text: "no list\n" });
      expect([await webhook.refused("full"), await webhook.refused("malformed")]).toEqual([1, 1]);
    });

    it("answers 500 when a route fails, and goes on [webhook status]", async () => {
      await using webhook = await openWebhook({ isPlain: true });
      webhook.route.onEnd = () => {
        throw new Error("secret reason");
      };
      const answer = await webhook.send({ body: "{}" });
      expect(answer).toMatchObject({ status: 500, text: "internal error\n" });
      webhook.route.onEnd = () => undefined;
      expect((await webhook.send({ body: "{}" })).status).toBe(200);
    });

    it("counts what it takes by path [webhook status]", async () => {
      const other = recordingRoute("/other");
      const route = recordingRoute();
      await using webhook = await openWebhook({ isPlain: true, routes: [route, other] });
      await webhook.send({ body: "1" });
      await webhook.send({ body: "2", path: "/other" });
      const { text } = await webhook.metrics.exposition();
      expect(text).toContain('kinglet_webhook_accepted_total{path="/in"} 1');
      expect(text).toContain('kinglet_webhook_accepted_total{path="/other"} 1');
      expect(String(other.bodies)).toBe("2");
    });
  });

  describe("files that are exchanged", () => {
    it("shows a new certificate in the next handshake, and keeps the old one while the new files do not fit [webhook rotation]", async () => {
      await using webhook = await openWebhook();
      const shown = async (): Promise<string> => {
        const socket = await webhook.socket(client);
        const serial = (socket as TLSSocket).getPeerCertificate().serialNumber;
        socket.destroy();
        return serial;
      };
      const first = await shown();
      webhook.replace({ "tls.crt": pem("server-two.pem") });
      expect(await shown()).toBe(first);
      webhook.replace({ "tls.key": pem("server-two.key") });
      const second = await shown();
      expect(second).not.toBe(first);
      webhook.replace({ "tls.crt": "nonsense" });
      expect(await shown()).toBe(second);
      webhook.replace({ "tls.crt": pem("server-one.pem"), "tls.key": pem("server-one.key") });
      expect(await shown()).toBe(first);
    });

    it("lets nobody in any more whom only the former authority knows, not on open connections either [webhook rotation]", async () => {
      await using webhook = await openWebhook();
      const old = await webhook.socket(client);
      const request = "POST /in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n1";
      let text = "";
      old.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      old.write(request);
      await expect.poll(() => text).toContain("HTTP/1.1 200 OK");
      webhook.replace({ "ca.crt": pem("clients-b.pem") });
      // The new authority is noticed with the next connection.
      expect((await webhook.send({ client: "stranger", body: "{}" })).status).toBe(200);
      text = "";
      old.write(request);
      await expect.poll(() => text).toContain("HTTP/1.1 503");
      expect(text.toLowerCase()).toContain("retry-after: 1");
      expect(text.toLowerCase()).toContain("connection: close");
      expect((await webhook.send({ client, body: "{}" })).status).toBe(401);
      expect(await webhook.refused("authority-changed")).toBe(1);
      webhook.replace({ "ca.crt": `${pem("clients-a.pem")}${pem("clients-b.pem")}` });
      expect((await webhook.send({ client, body: "{}" })).status).toBe(200);
    });

    it("reads the token anew for each request, and lets nobody in while there is none [webhook rotation]", async () => {
      await using webhook = await openWebhook({ hasToken: true, isPlain: true });
      const next = "fedcba9876543210-token";
      const status = async (text: string): Promise<number> =>
        (await webhook.send({ body: "{}", headers: { authorization: `Bearer ${text}` } })).status;
      expect([await status(token), await status(next)]).toEqual([200, 401]);
      webhook.replace({ token: next });
      expect([await status(token), await status(next)]).toEqual([401, 200]);
      webhook.replace({ token: "short" });
      expect([await status(token), await status(next), await status("short")]).toEqual([401, 401, 401]);
    });
  });
});
