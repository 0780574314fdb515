import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { Agent } from "node:https";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { openWebhook, pem, servingCertificate, type OpenWebhook } from "../../test/open-webhook.ts";
import type { Answer } from "../review/answer.ts";
import type { ReviewDecider } from "./review-endpoint.ts";

const allowed: Answer = {
  allowed: true,
  outcome: "allowed",
  reason: "",
  message: "",
  warnings: [],
  auditAnnotations: {},
};
const denied: Answer = { ...allowed, allowed: false, outcome: "denied", message: "no" };

function decider(decide: ReviewDecider["decide"] = async () => allowed, notReady = ""): ReviewDecider {
  return {
    notReady,
    decide,
    isExempt: (_webhook, { namespace, user }) => namespace === "kube-system" || user === "system:kube-scheduler",
  };
}

function review(fill = 0, namespace = "shop", uid = "u1", user = "ann"): string {
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid,
      resource: { group: "", version: "v1", resource: "pods" },
      namespace,
      operation: "CREATE",
      userInfo: { username: user, groups: ["system:authenticated"] },
      object: { metadata: { annotations: { fill: "x".repeat(fill) } } },
    },
  });
}

async function tlsSocket(webhook: OpenWebhook): Promise<TLSSocket> {
  const socket = connectTls({ host: "127.0.0.1", port: webhook.server.port, ca: pem("authority-a.pem") });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

/** A promise and how it is settled, for decisions that take as long as the test wants. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe("WebhookServer", () => {
  it("answers over TLS 1.2 and later, HTTP/1.1 only, and keeps connections", async () => {
    await using webhook = await openWebhook(decider());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let round = 0; round < 5; round++)
      expect((await webhook.send("/validate", { body: review(), agent })).status).toBe(200);
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    agent.destroy();
    const old = connectTls({
      host: "127.0.0.1",
      port: webhook.server.port,
      ca: pem("authority-a.pem"),
      maxVersion: "TLSv1.1",
    });
    await expect(once(old, "secureConnect")).rejects.toThrow();
    const socket = connectTls({
      host: "127.0.0.1",
      port: webhook.server.port,
      ca: pem("authority-a.pem"),
      ALPNProtocols: ["h2", "http/1.1"],
    });
    await once(socket, "secureConnect");
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.destroy();
  });

  it("closes plain HTTP and counts it", async () => {
    await using webhook = await openWebhook(decider());
    const socket = connectTcp(webhook.server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    socket.resume();
    await once(socket, "close");
    expect(await webhook.metric('kinglet_admission_bad_requests_total{reason="tls"}')).toBe(1);
    expect((await webhook.send("/validate", { body: review() })).status).toBe(200);
  });

  it("answers malformed HTTP with 400", async () => {
    await using webhook = await openWebhook(decider());
    const socket = await tlsSocket(webhook);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    socket.write("NONSENSE\r\n\r\n");
    await once(socket, "close");
    expect(text).toMatch(/^HTTP\/1.1 400/);
  });

  it("lets the connection that was idle longest give way to a new one", async () => {
    await using webhook = await openWebhook(decider(), { maxConnections: 3 });
    const sockets = [await tlsSocket(webhook), await tlsSocket(webhook), await tlsSocket(webhook)];
    const [first] = sockets;
    const closed = once(first as TLSSocket, "close");
    const fourth = await tlsSocket(webhook);
    await closed;
    expect([...sockets.slice(1), fourth].every((socket) => !socket.destroyed)).toBe(true);
    for (const socket of [...sockets, fourth]) socket.destroy();
  });

  it("does not take a connection for idle that has sent its next request before the answer to the last", async () => {
    const waiting = gate();
    await using webhook = await openWebhook(
      decider(async (_webhook, { request }) => {
        if (request.uid === "u2") await waiting.opened;
        return allowed;
      }),
      { maxConnections: 2 },
    );
    const socket = await tlsSocket(webhook);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
    const post = (body: string): string =>
      `POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    socket.write(post(review(0, "shop", "u1")) + post(review(0, "shop", "u2")));
    await expect.poll(() => text).toContain('"u1"');
    // One more than may be: an idle one would have to go.
    const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
    for (const agent of agents) await webhook.send("/validate", { method: "GET", agent });
    const closing = webhook.server[Symbol.asyncDispose]();
    waiting.open();
    await expect.poll(() => text).toContain('"u2"');
    await closing;
    for (const agent of agents) agent.destroy();
  });

  it("uses a new certificate for new connections and drops none", async () => {
    await using webhook = await openWebhook(decider());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = () => webhook.send("/validate", { body: review(), agent });
    await send();
    webhook.server.replaceCertificate(servingCertificate("server-three"));
    expect((await send()).status).toBe(200);
    const socket = connectTls({ host: "127.0.0.1", port: webhook.server.port, ca: pem("authority-b.pem") });
    await once(socket, "secureConnect");
    expect(socket.getPeerCertificate().subject.CN).toBe("server-three");
    socket.destroy();
    const broken = { certificatePem: pem("server-one.pem"), keyPem: pem("server-two.key") };
    expect(() => webhook.server.replaceCertificate(broken)).toThrow();
    expect((await webhook.send("/validate", { body: review() })).status).toBe(200);
    agent.destroy();
  });

  it("has no timer without a connection", async () => {
    const clock = new ManualClock();
    await using webhook = await openWebhook(decider(), { clock });
    expect(clock.pendingTimers).toBe(0);
    expect(webhook.server.port).toBeGreaterThan(0);
  });
});

describe("ReviewEndpoint", () => {
  it("knows two routes and POST", async () => {
    await using webhook = await openWebhook(decider());
    expect(await webhook.send("/validate", { method: "GET" })).toMatchObject({ status: 200, text: "{}" });
    expect((await webhook.send("/events", { body: review() })).status).toBe(200);
    expect((await webhook.send("/validate", { method: "PUT", body: review() })).status).toBe(400);
    expect((await webhook.send("/metrics", { method: "GET" })).status).toBe(404);
  });

  it("says 503 while there are no policies, 400 for what is no review", async () => {
    await using notReady = await openWebhook(decider(undefined, "no policies"));
    expect((await notReady.send("/validate", { body: review() })).status).toBe(503);
    await using webhook = await openWebhook(decider());
    for (const body of ["", "{", "[]", '{"kind":"AdmissionReview"}', Buffer.from([0xff, 0xfe])]) {
      expect((await webhook.send("/validate", { body })).status).toBe(400);
    }
  });

  it("answers bodies of 3 and 4 MiB [admission A-3]", async () => {
    await using webhook = await openWebhook(decider());
    for (const mebibytes of [3, 4]) {
      const { status, json } = await webhook.send("/validate", { body: review(mebibytes * 1_048_576) });
      expect([status, (json as { response: unknown }).response]).toEqual([200, { uid: "u1", allowed: true }]);
    }
  });

  it("refuses 7 MiB and a byte with 413 and does not hold them, with and without an announced length", async () => {
    await using webhook = await openWebhook(decider());
    const body = Buffer.alloc(7_340_033, 0x20);
    expect((await webhook.send("/validate", { body })).status).toBe(413);
    const chunked = { "transfer-encoding": "chunked" };
    expect((await webhook.send("/validate", { body, headers: chunked })).status).toBe(413);
    expect(await webhook.metric("kinglet_admission_request_bytes_under_way")).toBe(0);
    expect(await webhook.metric('kinglet_admission_bad_requests_total{reason="too-large"}')).toBe(2);
    expect((await webhook.send("/validate", { body: review(7_340_032 - review().length) })).status).toBe(200);
  });

  it("holds no more bytes than it may: what does not fit gets the default, a warning and its uid", async () => {
    const waiting = gate();
    await using webhook = await openWebhook(
      decider(async () => {
        await waiting.opened;
        return denied;
      }),
      { maxBytesUnderWay: 4_000_000 },
    );
    const first = webhook.send("/validate", { body: review(3_000_000) });
    await expect.poll(() => webhook.metric("kinglet_admission_request_bytes_under_way")).toBeGreaterThan(3_000_000);
    const second = await webhook.send("/validate", { body: review(3_000_000, "shop", "u2") });
    expect(second).toMatchObject({
      status: 200,
      json: { response: { uid: "u2", allowed: true, warnings: [expect.stringContaining("did not evaluate")] } },
    });
    const small = webhook.send("/validate", { body: review(10, "shop", "u3") });
    waiting.open();
    expect((await first).json).toMatchObject({ response: { uid: "u1", allowed: false } });
    expect((await small).json).toMatchObject({ response: { uid: "u3", allowed: false } });
    expect(await webhook.metric('kinglet_admission_shed_total{reason="bytes"}')).toBe(1);
    expect(await webhook.metric("kinglet_admission_request_bytes_under_way")).toBe(0);
  });

  it("sheds beyond its number of reviews with the configured default, never in exempt namespaces and for those who are let through", async () => {
    const waiting = gate();
    await using webhook = await openWebhook(
      decider(async () => {
        await waiting.opened;
        return allowed;
      }),
      { maxReviews: 1, onTimeout: { validate: "deny", events: "allow" } },
    );
    const first = webhook.send("/validate", { body: review() });
    await expect.poll(() => webhook.metric("kinglet_admission_reviews_under_way")).toBe(1);
    const second = await webhook.send("/validate", { body: review(0, "shop", "u2") });
    expect(second.json).toMatchObject({ response: { uid: "u2", allowed: false } });
    const events = await webhook.send("/events", { body: review(0, "shop", "u4") });
    expect(events.json).toMatchObject({ response: { uid: "u4", allowed: true } });
    const system = await webhook.send("/validate", { body: review(0, "kube-system", "u3") });
    expect(system.json).toMatchObject({ response: { uid: "u3", allowed: true } });
    const scheduler = await webhook.send("/validate", { body: review(0, "shop", "u5", "system:kube-scheduler") });
    expect(scheduler.json).toMatchObject({ response: { uid: "u5", allowed: true } });
    waiting.open();
    expect((await first).json).toMatchObject({ response: { uid: "u1", allowed: true } });
  });

  it.each(["allow", "deny"] as const)(
    "answers with the default 250 ms before the caller gives up: %s [admission A-2]",
    async (onTimeout) => {
      const clock = new ManualClock();
      await using webhook = await openWebhook(
        decider(() => new Promise(() => {})),
        { clock, onTimeout: { validate: onTimeout, events: "allow" } },
      );
      const answer = webhook.send("/validate?timeout=5s", { body: review() });
      await expect.poll(() => clock.pendingTimers).toBeGreaterThan(1);
      let isAnswered = false;
      void answer.then(() => {
        isAnswered = true;
      });
      await expect
        .poll(async () => {
          await clock.advance(0);
          return webhook.endpoint.underWay;
        })
        .toBe(1);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
      await clock.advance(4700);
      expect(isAnswered).toBe(false);
      await clock.advance(60);
      expect((await answer).json).toMatchObject({
        response: { allowed: onTimeout === "allow", warnings: [expect.any(String)] },
      });
      expect(await webhook.metric("kinglet_admission_late_answers_total")).toBe(0);
    },
  );

  it("answers with the default when a decision fails, and never denies in an exempt namespace whatever was decided", async () => {
    await using failing = await openWebhook(
      decider(async () => {
        throw new Error("broken");
      }),
    );
    expect((await failing.send("/validate", { body: review() })).json).toMatchObject({ response: { allowed: true } });
    await using webhook = await openWebhook(decider(async () => denied));
    expect((await webhook.send("/validate", { body: review(0, "kube-system") })).json).toMatchObject({
      response: { allowed: true },
    });
    expect((await webhook.send("/validate", { body: review() })).json).toMatchObject({ response: { allowed: false } });
  });

  it("gives up on a body that does not come, when the caller's time is over", async () => {
    const clock = new ManualClock();
    await using webhook = await openWebhook(decider(), { clock });
    const socket = await tlsSocket(webhook);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    socket.write("POST /validate?timeout=2s HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n{");
    await expect.poll(() => webhook.endpoint.underWay).toBe(1);
    await expect.poll(() => webhook.metric("kinglet_admission_request_bytes_under_way")).toBe(5000);
    await clock.advance(1800);
    await once(socket, "close");
    expect(text).toMatch(/^HTTP\/1.1 408/);
    expect(await webhook.metric("kinglet_admission_request_bytes_under_way")).toBe(0);
  });

  it("does not begin what waited too long: sheds it before it is parsed", async () => {
    const clock = new ManualClock();
    await using webhook = await openWebhook(
      decider(async () => denied),
      { clock },
    );
    const socket = await tlsSocket(webhook);
    const body = review();
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    socket.write(
      `POST /validate?timeout=2s HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    await expect.poll(() => webhook.endpoint.underWay).toBe(1);
    await clock.advance(1740);
    socket.write(body);
    await once(socket, "close");
    expect(text).toContain('"allowed":true');
    expect(await webhook.metric('kinglet_admission_shed_total{reason="late"}')).toBe(1);
  });

  it("asks clients to close their connections while it drains", async () => {
    await using webhook = await openWebhook(decider());
    webhook.endpoint.drain();
    expect((await webhook.send("/validate", { body: review() })).headers["connection"]).toBe("close");
  });

  it("answers all of 100 reviews that come while it closes [admission A-7]", async () => {
    const webhook = await openWebhook(
      decider(async () => {
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
        return allowed;
      }),
    );
    const answers = Array.from({ length: 100 }, () => webhook.send("/validate", { body: review() }));
    await expect.poll(() => webhook.endpoint.underWay).toBeGreaterThan(0);
    webhook.endpoint.drain();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    await webhook[Symbol.asyncDispose]();
    expect(statuses).toEqual(Array.from({ length: 100 }, () => 200));
  });
});
