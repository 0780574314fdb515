import type { KingletError } from "@kinglet/errors";
import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { ACCESS, HANG, networkError, pod, podList, ScriptedTransport, status } from "../test/scripted-transport.ts";
import { createKubeClient, type KubeClient, type KubeObject, pods, type TokenSource } from "./index.ts";

const shop = { namespace: "shop" };

function clientOf(transport: ScriptedTransport, options: Parameters<typeof createKubeClient>[1] = {}): KubeClient {
  return createKubeClient(ACCESS, { transport, ...options });
}

function code(name: string): unknown {
  return expect.objectContaining({ code: `KINGLET_ERR_KUBE_CLIENT_${name}` });
}

describe("KubeClient", () => {
  describe("errors", () => {
    it.each([
      [400, "BadRequest", "INVALID"],
      [401, "Unauthorized", "UNAUTHORIZED"],
      [403, "Forbidden", "FORBIDDEN"],
      [404, "NotFound", "NOT_FOUND"],
      [405, "MethodNotAllowed", "UNSUPPORTED"],
      [409, "Conflict", "CONFLICT"],
      [409, "AlreadyExists", "ALREADY_EXISTS"],
      [410, "Expired", "GONE"],
      [413, "RequestEntityTooLarge", "INVALID"],
      [415, "UnsupportedMediaType", "UNSUPPORTED"],
      [422, "Invalid", "INVALID"],
      [429, "TooManyRequests", "TOO_MANY_REQUESTS"],
      [500, "InternalError", "SERVER"],
      [503, "ServiceUnavailable", "SERVER"],
    ])("turns %i %s into %s, with reason and causes [client E5]", async (httpStatus, reason, name) => {
      const causes = [{ reason: "FieldValueRequired", field: "spec.x" }];
      const client = clientOf(new ScriptedTransport(() => status(httpStatus, reason, { details: { causes } })));
      const call = client.get(pods, "a", shop);
      await expect(call).rejects.toThrow(code(name));
      await expect(call).rejects.toMatchObject({ details: { status: httpStatus, reason, causes } });
    });

    it("tells a resourceVersion from the future from a slow server [client L8]", async () => {
      const details = { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 };
      const transport = new ScriptedTransport(() => status(504, "Timeout", { details }));
      await expect(clientOf(transport).list(pods, { resourceVersion: "9" })).rejects.toThrow(
        code("RESOURCE_VERSION_TOO_LARGE"),
      );
      expect(transport.requests).toHaveLength(1);
    });

    it("makes a short message of an answer that is no Status", async () => {
      const client = clientOf(new ScriptedTransport(() => ({ status: 502, chunks: ["<html>bad gateway</html>"] })));
      await expect(client.get(pods, "a", shop)).rejects.toThrow("<html>bad gateway</html>");
    });

    it("asks for JSON only where it is told to", async () => {
      const accepted = async (options: { readonly asksForJson?: boolean }): Promise<unknown> => {
        const transport = new ScriptedTransport(() => podList("1", []));
        await clientOf(transport, options).list(pods);
        return transport.requests[0]?.headers["accept"];
      };
      expect(await accepted({})).toContain("application/vnd.kubernetes.protobuf");
      expect(await accepted({ asksForJson: true })).not.toContain("protobuf");
    });

    it("does not follow a redirect, and says what came", async () => {
      const client = clientOf(
        new ScriptedTransport(() => ({ status: 302, headers: { location: "/login" }, chunks: [] })),
      );
      await expect(client.get(pods, "a", shop)).rejects.toThrow(
        "GET /api/v1/namespaces/shop/pods/a: the server answered with a redirect (302), which is not followed",
      );
    });

    it("leaves no place in a message unfilled", async () => {
      for (const httpStatus of [300, 400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 429, 500, 504]) {
        const client = clientOf(new ScriptedTransport(() => status(httpStatus, "Reason")));
        const error = (await client.get(pods, "a", shop).catch((thrown: KingletError) => thrown)) as KingletError;
        expect(error.message).not.toMatch(/[{}]/);
      }
    });

    it("says UNREACHABLE and TLS with the cause", async () => {
      const refused = clientOf(new ScriptedTransport(() => ({ fails: networkError("ECONNREFUSED") })));
      await expect(refused.get(pods, "a", shop)).rejects.toThrow(code("UNREACHABLE"));
      const untrusted = clientOf(new ScriptedTransport(() => ({ fails: networkError("SELF_SIGNED_CERT_IN_CHAIN") })));
      await expect(untrusted.get(pods, "a", shop)).rejects.toThrow(code("TLS"));
    });

    it("never shows the token [client A7]", async () => {
      const transport = new ScriptedTransport(() => status(403, "Forbidden"));
      const client = createKubeClient({ ...ACCESS, token: "very-secret" }, { transport });
      const error: KingletError = (await client
        .get(pods, "a", shop)
        .catch((thrown: KingletError) => thrown)) as KingletError;
      expect(transport.requests[0]?.headers["authorization"]).toBe("Bearer very-secret");
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain("very-secret");
    });
  });

  describe("time and cancellation", () => {
    it.each([
      ["no head", () => ({})],
      ["half a body", () => ({ chunks: ['{"kind":', HANG] })],
    ])("ends a call after its time limit with %s [client E7]", async (_name, answer) => {
      const clock = new ManualClock();
      const client = clientOf(new ScriptedTransport(answer), { clock, requestTimeoutMs: 5000 });
      const calls = [client.get(pods, "a", shop), client.list(pods), client.delete(pods, "a", shop)];
      const outcomes = Promise.allSettled(calls);
      await clock.advance(5000);
      for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: code("TIMEOUT") });
      expect(clock.pendingTimers).toBe(0);
    });

    it("ends with the caller's reason at once, and lets go of timers and connection", async () => {
      const clock = new ManualClock();
      const transport = new ScriptedTransport(() => ({ chunks: ['{"kind":', HANG] }));
      const stop = new AbortController();
      const call = clientOf(transport, { clock }).list(pods, { signal: stop.signal });
      await clock.advance(0);
      expect(transport.openBodies).toBe(1);
      stop.abort(new Error("enough"));
      await expect(call).rejects.toThrow("enough");
      expect([clock.pendingTimers, transport.openBodies]).toEqual([0, 0]);
    });
  });

  it("runs sixteen calls at a time; the others wait in order and can give up [client T1]", async () => {
    const clock = new ManualClock();
    let running = 0;
    const transport = new ScriptedTransport(async (request) => {
      expect(++running).toBeLessThanOrEqual(16);
      await new Promise<void>((resolve) => {
        clock.startTimer(resolve, 10);
      });
      running--;
      return request.path.endsWith("p3") ? status(500, "X") : { json: pod("a", "1", { kind: "Pod" }) };
    });
    const client = clientOf(transport, { clock });
    const stop = new AbortController();
    const calls = Array.from({ length: 40 }, (_value, index) =>
      client.get(pods, `p${index}`, { namespace: "shop", signal: index === 30 ? stop.signal : undefined }),
    );
    const outcomes = Promise.allSettled(calls);
    await clock.advance(0);
    stop.abort(new Error("enough"));
    await clock.advance(30);
    expect((await outcomes).filter(({ status }) => status === "rejected")).toHaveLength(2);
    expect(transport.requests.map((request) => request.path.split("/p").at(-1))).toEqual(
      Array.from({ length: 40 }, (_value, index) => String(index)).filter((index) => index !== "30"),
    );
    expect(clock.pendingTimers).toBe(0);
  });

  describe("retries", () => {
    it("waits as long as Retry-After says, for any verb [client E2]", async () => {
      const clock = new ManualClock();
      const transport = new ScriptedTransport((_request, index) =>
        index < 2
          ? { ...status(429, "TooManyRequests"), headers: { "retry-after": "2" } }
          : { json: pod("a", "1", { kind: "Pod" }) },
      );
      const call = clientOf(transport, { clock }).create(pods, pod("a", "1"));
      await clock.advance(1999);
      expect(transport.requests).toHaveLength(1);
      await clock.advance(2001);
      expect(transport.requests).toHaveLength(3);
      await expect(call).resolves.toMatchObject({ metadata: { name: "a" } });
    });

    it("gives up after the permitted attempts, none of which comes earlier than asked [client E2] [client E3]", async () => {
      const clock = new ManualClock();
      const transport = new ScriptedTransport(() => ({ ...status(503, "X"), headers: { "retry-after": "60" } }));
      const call = clientOf(transport, { clock, retries: 2 }).get(pods, "a", shop);
      const outcome = expect(call).rejects.toThrow(code("SERVER"));
      await clock.advance(59_999);
      expect(transport.requests).toHaveLength(1);
      await clock.advance(60_001);
      await outcome;
      expect(transport.requests).toHaveLength(3);
    });

    it("tells the caller at once who is asked to wait longer than a minute [client E2]", async () => {
      const transport = new ScriptedTransport(() => ({ ...status(429, "X"), headers: { "retry-after": "61" } }));
      await expect(clientOf(transport).get(pods, "a", shop)).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS",
        details: { retryAfterSeconds: 61 },
      });
      expect(transport.requests).toHaveLength(1);
    });

    it("does not repeat a write after an answer that does not say whether it was carried out [client E2]", async () => {
      const transport = new ScriptedTransport(() => ({ ...status(503, "X"), headers: { "retry-after": "1" } }));
      const client = clientOf(transport);
      await expect(client.create(pods, pod("a", "1"))).rejects.toThrow(code("SERVER"));
      await expect(client.delete(pods, "a", shop)).rejects.toThrow(code("SERVER"));
      await expect(client.patch(pods, "a", [], { ...shop, type: "json" })).rejects.toThrow(code("SERVER"));
      expect(transport.requests).toHaveLength(3);
    });

    it("does not try again without being asked to", async () => {
      const transport = new ScriptedTransport(() => status(500, "InternalError"));
      await expect(clientOf(transport).get(pods, "a", shop)).rejects.toThrow(code("SERVER"));
      expect(transport.requests).toHaveLength(1);
    });

    it("sends a read again over a new connection when a kept one was closed, a write never [client E2]", async () => {
      const stale = Object.assign(networkError("ECONNRESET"), { wasReusedSocket: true });
      const transport = new ScriptedTransport((_request, index) =>
        index === 0 ? { fails: stale } : { json: pod("a", "1", { kind: "Pod" }) },
      );
      await clientOf(transport).get(pods, "a", shop);
      expect(transport.requests).toHaveLength(2);
      const writes = new ScriptedTransport(() => ({ fails: stale }));
      await expect(clientOf(writes).create(pods, pod("a", "1"))).rejects.toThrow(code("UNREACHABLE"));
      expect(writes.requests).toHaveLength(1);
    });

    it("asks for a new token after 401 and sends once more with it [client E8]", async () => {
      const rejected: (string | undefined)[] = [];
      let current = "old";
      const token: TokenSource = {
        token: () => Promise.resolve(current),
        reject: (value) => {
          rejected.push(value);
          current = "new";
        },
      };
      const transport = new ScriptedTransport((request) =>
        request.headers["authorization"] === "Bearer new"
          ? { json: pod("a", "1", { kind: "Pod" }) }
          : status(401, "Unauthorized"),
      );
      await createKubeClient({ ...ACCESS, token }, { transport }).get(pods, "a", shop);
      expect(rejected).toEqual(["old"]);
      current = "bad";
      const refused = new ScriptedTransport(() => status(401, "Unauthorized"));
      await expect(createKubeClient({ ...ACCESS, token }, { transport: refused }).get(pods, "a", shop)).rejects.toThrow(
        code("UNAUTHORIZED"),
      );
      expect(refused.requests).toHaveLength(2);
    });
  });

  describe("list", () => {
    const names = Array.from({ length: 1253 }, (_value, index) => `pod-${index}`);

    it("pages by 500; later pages carry only the token; the version is that of page 1 [client L2] [start-up L4b]", async () => {
      const transport = new ScriptedTransport((request) => {
        const from = Number(request.url.searchParams.get("continue") ?? "0");
        const to = from + Number(request.url.searchParams.get("limit"));
        const items = names.slice(from, to).map((name) => pod(name, "5"));
        return podList(String(100 + from), items, to < names.length ? String(to) : "");
      });
      const list = await clientOf(transport).list<KubeObject>(pods, { resourceVersion: "0", labelSelector: "a=b" });
      expect(list.items.map((item) => item.metadata.name)).toEqual(names);
      expect(list).toMatchObject({ resourceVersion: "100", count: 1253, isPaged: true });
      expect(transport.requests.map((request) => request.url.search)).toEqual([
        "?labelSelector=a%3Db&limit=500&resourceVersion=0",
        "?labelSelector=a%3Db&limit=500&continue=500",
        "?labelSelector=a%3Db&limit=500&continue=1000",
      ]);
    });

    it("takes one full list at the asked version when a later page is gone, without duplicates [client L3]", async () => {
      const transport = new ScriptedTransport((request) => {
        if (request.url.searchParams.has("continue"))
          return status(410, "Expired", { metadata: { continue: "inconsistent" } });
        const items = names.map((name) => pod(name, "5"));
        return request.url.searchParams.has("limit") ? podList("7", items.slice(0, 500), "500") : podList("8", items);
      });
      const list = await clientOf(transport).list<KubeObject>(pods, { resourceVersion: "0" });
      expect(list.items.map((item) => item.metadata.name)).toEqual(names);
      expect(list.resourceVersion).toBe("8");
      expect(transport.requests[2]?.url.search).toBe("?resourceVersion=0");
      await expect(clientOf(transport).listEach(pods, { onItem: () => {} })).rejects.toThrow(code("GONE"));
    });

    it("fills in apiVersion and kind and drops managedFields [client L9]", async () => {
      const client = clientOf(new ScriptedTransport(() => podList("1", [pod("a", "5", { spec: { x: 1 } })])));
      const { items } = await client.list(pods);
      expect(items).toEqual([
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "a", namespace: "shop", uid: "uid-a", resourceVersion: "5" },
          spec: { x: 1 },
        },
      ]);
      const kept = await client.list(pods, { projection: { paths: ["kind", "spec.x"] } });
      expect(kept.items).toEqual([
        { kind: "Pod", metadata: { name: "a", namespace: "shop", uid: "uid-a", resourceVersion: "5" }, spec: { x: 1 } },
      ]);
    });

    it("leaves out and counts what is not of the kind [client W13]", async () => {
      let skipped = 0;
      const metrics: Metrics = {
        ...noopMetrics,
        counter: (definition) => ({ add: () => void (skipped += definition.name.includes("skipped") ? 1 : 0) }),
      };
      const items = [pod("a", "1"), { kind: "Pod" }, { ...pod("t", "1"), kind: "Table" }, { metadata: {} }];
      const client = clientOf(new ScriptedTransport(() => podList("1", items)), { metrics });
      await expect(client.list(pods)).resolves.toMatchObject({ count: 1, items: [{ metadata: { name: "a" } }] });
      expect(skipped).toBe(3);
    });

    it.each([
      ["cut off", ['{"kind":"PodList","items":[{"a":1}'], "RESPONSE"],
      ["broken", ['{"kind":"PodList","items":[', networkError("ECONNRESET")], "UNREACHABLE"],
      ["not JSON", ["<html>"], "RESPONSE"],
      ["not a list", ['{"kind":"Pod"}'], "RESPONSE"],
    ])("fails when the answer is %s", async (_name, chunks, expected) => {
      const client = clientOf(new ScriptedTransport(() => ({ chunks })));
      await expect(client.list(pods)).rejects.toThrow(code(expected));
    });

    it("hands the caller's own exception through and ends the connection", async () => {
      const transport = new ScriptedTransport(() => podList("1", [pod("a", "1")]));
      const onItem = (): void => {
        throw new RangeError("mine");
      };
      await expect(clientOf(transport).listEach(pods, { onItem })).rejects.toThrow(RangeError);
      expect(transport.openBodies).toBe(0);
    });

    it("keeps no more than one object and one chunk in memory", async () => {
      const body = Buffer.from(JSON.stringify(pod("filler", "1", { spec: { text: "x".repeat(64 * 1024) } })));
      const items = 1000;
      function* chunks(): Generator<Buffer> {
        yield Buffer.from('{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[');
        for (let index = 0; index < items; index++) yield index === 0 ? body : Buffer.concat([Buffer.from(","), body]);
        yield Buffer.from("]}");
      }
      const client = clientOf(new ScriptedTransport(() => ({ chunks: chunks() as unknown as Buffer[] })));
      globalThis.gc?.();
      const before = process.memoryUsage().heapUsed;
      let peak = 0;
      let seen = 0;
      await client.listEach(pods, {
        projection: { paths: [] },
        onItem: () => {
          if (++seen % 100 !== 0) return;
          globalThis.gc?.();
          peak = Math.max(peak, process.memoryUsage().heapUsed - before);
        },
      });
      expect(seen).toBe(items);
      expect(peak).toBeLessThan(8 * 1024 * 1024);
    });
  });

  describe("writing", () => {
    it("sends each verb as the API wants it", async () => {
      const transport = new ScriptedTransport((request) =>
        request.method === "DELETE"
          ? { json: { kind: "Status", status: "Success" } }
          : { json: pod("a", "2", { kind: "Pod" }) },
      );
      const client = clientOf(transport, { userAgent: "test/1" });
      await client.create(pods, pod("a", "1"), { fieldManager: "m", dryRun: true });
      await client.replace(pods, pod("a", "1"), { subresource: "status" });
      await client.patch(pods, "a", { metadata: {} }, { ...shop, type: "apply", fieldManager: "m", force: true });
      await client.delete(pods, "a", { ...shop, propagationPolicy: "Background", preconditions: { uid: "u" } });
      const seen = transport.requests.map((request) => [request.method, request.path, request.headers["content-type"]]);
      expect(seen).toEqual([
        ["POST", "/api/v1/namespaces/shop/pods?fieldManager=m&dryRun=All", "application/json"],
        ["PUT", "/api/v1/namespaces/shop/pods/a/status", "application/json"],
        ["PATCH", "/api/v1/namespaces/shop/pods/a?fieldManager=m&force=true", "application/apply-patch+yaml"],
        ["DELETE", "/api/v1/namespaces/shop/pods/a", "application/json"],
      ]);
      expect(transport.requests[3]?.body).toBe('{"propagationPolicy":"Background","preconditions":{"uid":"u"}}');
      expect(transport.requests.every((request) => request.headers["user-agent"] === "test/1")).toBe(true);
    });

    it("acts as somebody else with one header line per group [client A6]", async () => {
      const transport = new ScriptedTransport(() => ({ json: { ok: true } }));
      const impersonate = { user: "jane", groups: ["a,b", "c"], extra: { "x/y": ["1"] } };
      await createKubeClient({ ...ACCESS, impersonate }, { transport }).request({ method: "GET", path: "/version" });
      expect(transport.requests[0]?.headers).toMatchObject({
        "impersonate-user": "jane",
        "impersonate-group": ["a,b", "c"],
        "impersonate-extra-x%2Fy": ["1"],
      });
    });

    it("reads raw answers as JSON, text or nothing", async () => {
      const answers = [{ chunks: ['{"a":1}'] }, { chunks: ["ok"] }, { chunks: [] }];
      const client = clientOf(new ScriptedTransport((_request, index) => answers[index]!));
      const read = (): Promise<unknown> => client.request({ method: "GET", path: "/x" });
      expect([await read(), await read(), await read()]).toEqual([{ a: 1 }, "ok", undefined]);
    });
  });

  describe("answers that nobody reads", () => {
    it.each([
      ["a call", { headers: { "content-encoding": "br" } }],
      ["a list", { headers: { "content-encoding": "br" } }],
      ["a watch", { headers: { "content-encoding": "br" } }],
    ])("are given back to the connection: %s compressed in an unknown way", async (verb, answer) => {
      const transport = new ScriptedTransport(() => ({ ...answer, chunks: ["x", HANG] }));
      const client = clientOf(transport);
      const calls: Record<string, () => Promise<unknown>> = {
        "a call": () => client.get(pods, "a", shop),
        "a list": () => client.list(pods),
        "a watch": async () => client.watch(pods)[Symbol.asyncIterator]().next(),
      };
      await expect(calls[verb]!()).rejects.toThrow(code("RESPONSE"));
      expect(transport.requests[0]?.signal.aborted).toBe(true);
    });
  });

  it("ends at the caller's signal also while it waits for credentials [client E7]", async () => {
    const token: TokenSource = { token: () => new Promise(() => {}), reject: () => {} };
    const transport = new ScriptedTransport(() => ({ json: pod("a", "1") }));
    const client = createKubeClient({ ...ACCESS, token }, { transport });
    const stop = new AbortController();
    const waiting = client.get(pods, "a", { ...shop, signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
