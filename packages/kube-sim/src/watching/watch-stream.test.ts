import { ManualClock } from "@kinglet/lifecycle";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

function configMap(
  name: string,
  value: string,
  labels: Readonly<Record<string, string>> = {},
): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string>>;
} {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { value } };
}

describe("WatchStream", () => {
  let clock: ManualClock;
  let sim: KubeSim;
  beforeEach(async () => {
    clock = new ManualClock();
    sim = await openKubeSim({ clock, watchHistory: 5, bookmarkIntervalMs: 10_000 });
  });
  afterEach(() => sim.stop());

  it("starts with what is there when no version is given", async () => {
    sim.apply(configMap("b", "1"));
    sim.apply(configMap("a", "1"));
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true`);
    expect([await watch.next(), await watch.next()].map((event) => [event.type, event.object.metadata.name])).toEqual([
      ["ADDED", "a"],
      ["ADDED", "b"],
    ]);
    sim.remove("configmaps", "default", "a");
    expect((await watch.next()).type).toBe("DELETED");
  });

  it("sends bookmarks at the interval and two seconds before its end, and only when asked [sim 3]", async () => {
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=15`);
    using quiet = await rawWatch(sim, `${CONFIG_MAPS}?watch=true&timeoutSeconds=15`);
    await clock.advance(10_000);
    const version = sim.resourceVersion;
    expect(await watch.next()).toEqual({
      type: "BOOKMARK",
      object: { kind: "ConfigMap", apiVersion: "v1", metadata: { resourceVersion: version } },
    });
    await clock.advance(3_000);
    expect((await watch.next()).type).toBe("BOOKMARK");
    await clock.advance(2_000);
    expect(await watch.next()).toBeUndefined();
    expect(await quiet.next()).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it("forgets by time as well as by number: an older version is too old once something happened after it [sim 1]", async () => {
    await using other = await openKubeSim({ clock, watchHistoryMs: 60_000 });
    const { resourceVersion: first } = other.apply(configMap("a", "0")).metadata;
    const { resourceVersion: second } = other.apply(configMap("a", "1")).metadata;
    await clock.advance(60_000);
    using early = await rawWatch(other, `${CONFIG_MAPS}?watch=true&resourceVersion=${first}`);
    expect((await early.next()).object.data.value).toBe("1");
    const page = await rawRequest(other, "GET", `${CONFIG_MAPS}?resourceVersion=${first}&resourceVersionMatch=Exact`);
    expect(page.body.items[0].data.value).toBe("0");
    await clock.advance(1);
    using late = await rawWatch(other, `${CONFIG_MAPS}?watch=true&resourceVersion=${first}`);
    expect((await late.next()).object).toMatchObject({ code: 410, reason: "Expired" });
    const gone = await rawRequest(other, "GET", `${CONFIG_MAPS}?resourceVersion=${first}&resourceVersionMatch=Exact`);
    expect(gone.status).toBe(410);
    using quiet = await rawWatch(other, `${CONFIG_MAPS}?watch=true&resourceVersion=${second}`);
    other.apply(configMap("b", "1"));
    expect((await quiet.next()).object.metadata.name).toBe("b");
  });

  it("keeps counting while much is forgotten by time: a watch misses nothing [sim 1]", async () => {
    await using other = await openKubeSim({ clock, watchHistoryMs: 1_000 });
    using watch = await rawWatch(other, `${CONFIG_MAPS}?watch=true&labelSelector=app`);
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 100; index++) other.apply(configMap("a", `${round}-${index}`, { app: "x" }));
      for (let index = 0; index < 100; index++) {
        expect((await watch.next()).object.data.value).toBe(`${round}-${index}`);
      }
      await clock.advance(2_000);
    }
  });

  it("tells a watcher from before the history that its version is too old, in the stream", async () => {
    const { metadata } = sim.apply(configMap("a", "0"));
    for (let index = 1; index <= 8; index++) sim.apply(configMap("a", String(index)));
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    expect(watch.status).toBe(200);
    expect(await watch.next()).toMatchObject({
      type: "ERROR",
      object: { kind: "Status", code: 410, reason: "Expired" },
    });
    expect(await watch.next()).toBeUndefined();
  });

  it("replays exactly the remembered events after a version", async () => {
    const versions = ["0", "1", "2", "3", "4"].map(
      (value) => sim.apply(configMap("a", value)).metadata.resourceVersion,
    );
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true&resourceVersion=${versions[1]}`);
    const values = [await watch.next(), await watch.next(), await watch.next()].map((event) => event.object.data.value);
    expect(values).toEqual(["2", "3", "4"]);
  });

  it("answers 410 after a compaction, for watches, exact lists and continue tokens [sim 1] [sim 3]", async () => {
    for (const name of ["a", "b", "c"]) sim.apply(configMap(name, "0"));
    const page = await rawRequest(sim, "GET", `${CONFIG_MAPS}?limit=1`);
    const { continue: token, resourceVersion } = page.body.metadata;
    sim.apply(configMap("a", "1"));
    sim.compact();
    const exact = await rawRequest(
      sim,
      "GET",
      `${CONFIG_MAPS}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect([exact.status, exact.body.reason]).toEqual([410, "Expired"]);
    const next = await rawRequest(sim, "GET", `${CONFIG_MAPS}?limit=1&continue=${token}`);
    expect(next.status).toBe(410);
    const rest = await rawRequest(sim, "GET", `${CONFIG_MAPS}?continue=${next.body.metadata.continue}`);
    expect(rest.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(["b", "c"]);
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true&resourceVersion=${resourceVersion}`);
    expect((await watch.next()).object.code).toBe(410);
  });

  it("queues nothing for a client that does not read: it falls out of the history instead [sim 15]", async () => {
    sim.apply(configMap("a", "start"));
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true`);
    await watch.next();
    watch.pause();
    const big = "x".repeat(1_000_000);
    for (let index = 0; index < 40; index++) {
      sim.apply(configMap("a", `${index}${big}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    watch.resume();
    const types: string[] = [];
    for (let event = await watch.next(); event !== undefined; event = await watch.next()) types.push(event.type);
    expect(types.at(-1)).toBe("ERROR");
    expect(types.length).toBeLessThan(40);
  });

  it("shows only metadata where only that is asked for", async () => {
    sim.apply(configMap("a", "1", { t: "1" }));
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
    const list = await rawRequest(sim, "GET", CONFIG_MAPS, { headers: { accept } });
    expect(list.body.kind).toBe("PartialObjectMetadataList");
    expect(Object.keys(list.body.items[0])).toEqual(["kind", "apiVersion", "metadata"]);
  });

  it("leaves no timer behind when it is stopped in the middle of everything", async () => {
    sim.faults.add({ match: { resource: "nodes" }, action: { kind: "delay", ms: 60_000 } });
    using _watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true&allowWatchBookmarks=true`);
    const waiting = [
      rawRequest(sim, "GET", "/api/v1/nodes"),
      rawRequest(sim, "GET", `${CONFIG_MAPS}?resourceVersion=999999`),
    ];
    while (clock.pendingTimers < 4) await new Promise((resolve) => setImmediate(resolve));
    const results = Promise.allSettled(waiting);
    await sim.stop();
    expect((await results).map((result) => result.status)).toEqual(["rejected", "rejected"]);
    while (clock.pendingTimers > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits for a version that is about to exist [sim 3]", async () => {
    const next = String(BigInt(sim.resourceVersion) + 1n);
    const list = rawRequest(sim, "GET", `${CONFIG_MAPS}?resourceVersion=${next}`);
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    sim.apply(configMap("a", "1"));
    expect((await list).body.items).toHaveLength(1);
  });
});
