import { request as httpsRequest } from "node:https";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../../test/raw-request.ts";
import { openKubeSim, type FaultAction, type KubeSim } from "../index.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const STREAMING =
  "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";

describe("WatchFault", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
    for (const name of ["a", "b", "c"]) put(name);
  });
  afterEach(() => sim.stop());

  function put(name: string): void {
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { own: "yes" } }, data: { name } });
  }

  /** Events of a watch on the maps made here, until it ends. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of whatever they asked for
  async function eventsUnder(action: FaultAction, query = "watch=true&timeoutSeconds=1"): Promise<any[]> {
    const fault = sim.faults.add({ match: { verb: "watch" }, action, times: 1 });
    using watch = await rawWatch(sim, `${MAPS}?${query}&labelSelector=own`);
    const events = [];
    for (let event = await watch.next(); event !== undefined; event = await watch.next()) events.push(event);
    expect(fault.hits).toBe(1);
    return events;
  }

  it("cuts a watch after so many events", async () => {
    expect((await eventsUnder({ kind: "cut", afterEvents: 2 })).map((event) => event.object.metadata.name)).toEqual([
      "a",
      "b",
    ]);
    expect((await eventsUnder({ kind: "cut", afterEvents: 1, how: "end" })).length).toBe(1);
  });

  it("falls silent after so many events, with the connection open", async () => {
    sim.faults.add({ match: { verb: "watch" }, action: { kind: "blackhole", afterEvents: 1 } });
    using watch = await rawWatch(sim, `${MAPS}?watch=true&labelSelector=own`);
    expect((await watch.next()).object.metadata.name).toBe("a");
    const next = watch.next();
    expect(await Promise.race([next, rawRequest(sim, "GET", "/readyz").then(() => "silence")])).toBe("silence");
    await sim.restart();
    expect(await next).toBeUndefined();
  });

  it("ends a watch with an error of any code", async () => {
    const events = await eventsUnder({ kind: "watch-error", afterEvents: 1, code: 410, reason: "Expired" });
    expect(events.map((event) => event.type)).toEqual(["ADDED", "ERROR"]);
    expect(events[1].object).toMatchObject({ kind: "Status", code: 410, reason: "Expired" });
  });

  it("ignores sendInitialEvents, so that no bookmark closes the list", async () => {
    const events = await eventsUnder({ kind: "ignore-initial-events" }, STREAMING);
    expect(events.some((event) => event.object.metadata.annotations?.["k8s.io/initial-events-end"])).toBe(false);
  });

  it("leaves bookmarks out, or sends them with a lower version", async () => {
    expect((await eventsUnder({ kind: "no-bookmarks" }, STREAMING)).map((event) => event.type)).not.toContain(
      "BOOKMARK",
    );
    const lower = (await eventsUnder({ kind: "lower-bookmarks", by: 500 }, STREAMING)).find(
      (event) => event.type === "BOOKMARK",
    );
    expect(Number(lower.object.metadata.resourceVersion)).toBeLessThan(Number(sim.resourceVersion) - 400);
  });

  it("sends every event twice", async () => {
    const names = (await eventsUnder({ kind: "duplicate-events" })).map((event) => event.object.metadata.name);
    expect(names).toEqual(["a", "a", "b", "b", "c", "c"]);
  });

  it("replays events from before the version that was asked for", async () => {
    const query = `watch=true&timeoutSeconds=1&resourceVersion=${sim.resourceVersion}`;
    const names = (await eventsUnder({ kind: "replay-events", events: 2 }, query)).map(
      (event) => event.object.metadata.name,
    );
    expect(names).toEqual(["b", "c"]);
  });

  it("sends objects without metadata, and tables that nobody asked for", async () => {
    expect((await eventsUnder({ kind: "strip-metadata" }))[0].object).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      data: { name: "a" },
    });
    expect((await eventsUnder({ kind: "table-objects" }))[0].object.kind).toBe("Table");
  });

  it("starts with a very long line", async () => {
    const [long] = await eventsUnder({ kind: "long-line", bytes: 1_000_000 });
    expect(JSON.stringify(long).length).toBe(999_999);
  });

  it("sends a body byte by byte, whole all the same", async () => {
    sim.faults.add({ action: { kind: "trickle", bytes: 1 }, times: 1 });
    expect((await rawRequest(sim, "GET", `${MAPS}/a`)).body.data).toEqual({ name: "a" });
  });

  it("sends a watch as many gzip members", async () => {
    sim.faults.add({ match: { verb: "watch" }, action: { kind: "gzip-members" }, times: 1 });
    const headers = { authorization: `Bearer ${sim.token}`, "accept-encoding": "gzip" };
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      const url = `${sim.server}${MAPS}?watch=true&timeoutSeconds=1&labelSelector=own`;
      const outgoing = httpsRequest(url, { ca: sim.caPem, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve(Buffer.concat(chunks)));
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
    expect(gunzipSync(bytes).toString().trim().split("\n").length).toBe(3);
    expect(bytes.indexOf(Buffer.from([0x1f, 0x8b]), 2)).toBeGreaterThan(0);
  });

  it("lets some requests pass first, and meets others by chance that the seed decides [sim 14]", async () => {
    const outcomes = async (): Promise<number[]> => {
      let state = 7;
      await using other = await openKubeSim({
        random: () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647,
      });
      other.faults.add({ action: { kind: "status", code: 503 }, after: 2, chance: 0.5 });
      const codes = [];
      for (let count = 0; count < 12; count++) codes.push((await rawRequest(other, "GET", "/readyz")).status);
      return codes;
    };
    const first = await outcomes();
    expect(first.slice(0, 2)).toEqual([200, 200]);
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await outcomes()).toEqual(first);
  });

  it("is told by the journal", async () => {
    sim.faults.add({ action: { kind: "trickle", bytes: 3 }, times: 1 });
    await rawRequest(sim, "GET", "/readyz");
    await rawRequest(sim, "GET", "/readyz");
    expect(sim.journal().map((entry) => entry.fault)).toEqual(["trickle", ""]);
  });
});
