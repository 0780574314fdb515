import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const PODS = "/api/v1/pods";

describe("FaultTable", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
  });
  afterEach(() => sim.stop());

  it("answers with a status and a time to wait, so many times", async () => {
    const action = { kind: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 2 } as const;
    const fault = sim.faults.add({ match: { verb: "list", resource: "pods" }, action, times: 1 });
    const refused = await rawRequest(sim, "GET", PODS);
    expect([refused.status, refused.headers["retry-after"], refused.body.details]).toEqual([
      429,
      "2",
      { retryAfterSeconds: 2 },
    ]);
    expect((await rawRequest(sim, "GET", PODS)).status).toBe(200);
    expect(fault.hits).toBe(1);
    expect(sim.journal().map((entry) => entry.status)).toEqual([429, 200]);
  });

  it("cuts a stream after so many bytes of its body", async () => {
    sim.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "a" } });
    sim.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "b" } });
    sim.faults.add({ match: { verb: "watch" }, action: { kind: "cut", afterBytes: 40 }, times: 1 });
    using cut = await rawWatch(sim, "/api/v1/nodes?watch=true");
    expect(cut.status).toBe(200);
    expect(await cut.next()).toBeUndefined();
    using whole = await rawWatch(sim, "/api/v1/nodes?watch=true");
    expect((await whole.next()).type).toBe("ADDED");
  });

  it("resets a connection instead of answering, when it cuts after 0 bytes", async () => {
    const fault = sim.faults.add({ match: { path: /^\/api/ }, action: { kind: "cut", afterBytes: 0 } });
    await expect(rawRequest(sim, "GET", PODS)).rejects.toThrow();
    fault.remove();
    expect((await rawRequest(sim, "GET", PODS)).status).toBe(200);
  });

  it("meets requests by parameters of their query", async () => {
    const match = { path: PODS, query: { limit: "7", labelSelector: "a=b" } };
    const fault = sim.faults.add({ match, action: { kind: "status", code: 422, reason: "Invalid" } });
    const statuses = ["", "?limit=7", "?limit=7&labelSelector=a%3Db", "?labelSelector=a=b&limit=70"].map(
      async (query) => (await rawRequest(sim, "GET", `${PODS}${query}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 422, 200]);
    fault.remove();
  });

  it("leaves a request without an answer until the connection goes", async () => {
    sim.faults.add({ match: { method: "GET", path: PODS }, action: { kind: "hang" } });
    const answer = rawRequest(sim, "GET", PODS);
    const isSettled = await Promise.race([
      answer.then(
        () => true,
        () => true,
      ),
      rawRequest(sim, "GET", "/readyz").then(() => false),
    ]);
    expect(isSettled).toBe(false);
    await sim.restart();
    await expect(answer).rejects.toThrow();
  });
});
