import { ManualClock } from "@kinglet/lifecycle";
import { waitFor } from "@kinglet/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { endOfList, event, object, type ListScript, type WatchScript } from "../test/fake-api.ts";
import { fault, held, startInformer, type InformerFixture } from "../test/informer-fixture.ts";
import { line, pod, ScriptedTransport, ACCESS, HANG } from "../test/scripted-transport.ts";
import { createInformer, createKubeClient, pods, type KubeObject } from "./index.ts";
import { loadStreamedLists } from "./lazy.ts";

// Loading takes time of its own, which the clock of the tests does not wait for.
beforeAll(async () => void (await loadStreamedLists()));

const LIST: ListScript[] = [{ items: [object("a", "1")], resourceVersion: "9" }];

function stream(watches: readonly WatchScript[], lists: readonly ListScript[] = LIST): Promise<InformerFixture> {
  return startInformer(lists, watches, { listMode: "stream" });
}

describe("Informer with streaming lists", () => {
  it("asks with exactly the parameters of a streaming list [client S1]", async () => {
    const transport = new ScriptedTransport(() => ({ chunks: [HANG] }));
    const clock = new ManualClock();
    await using client = createKubeClient(ACCESS, { transport, clock });
    const informer = createInformer<KubeObject>(client, pods, { listMode: "stream", clock, random: () => 0 });
    const stopping = new AbortController();
    const running = informer.run({ signal: stopping.signal });
    const { url } = await waitFor(() => transport.requests[0], { describe: "a request" });
    expect([url.pathname, [...url.searchParams].map((pair) => pair.join("=")).sort()]).toEqual([
      "/api/v1/pods",
      [
        "allowWatchBookmarks=true",
        "resourceVersionMatch=NotOlderThan",
        "sendInitialEvents=true",
        "timeoutSeconds=300",
        "watch=true",
      ],
    ]);
    stopping.abort();
    await running;
    expect(clock.pendingTimers).toBe(0);
  });

  it("knows the closing bookmark from the wire [client S2]", async () => {
    const bookmark = {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { resourceVersion: "12", annotations: { "k8s.io/initial-events-end": "true" } },
    };
    const transport = new ScriptedTransport(() => ({
      chunks: [line("ADDED", { kind: "Pod", ...pod("a", "3") }), line("BOOKMARK", bookmark), HANG],
    }));
    const clock = new ManualClock();
    await using client = createKubeClient(ACCESS, { transport, clock });
    const informer = createInformer<KubeObject>(client, pods, { listMode: "stream", clock });
    const stopping = new AbortController();
    const running = informer.run({ signal: stopping.signal });
    await informer.waitForSync();
    expect([held(informer), informer.resourceVersion]).toEqual([["a@3"], "12"]);
    stopping.abort();
    await running;
  });

  it("shows nothing before the closing bookmark, then all of it, and goes on with the same stream [client S2]", async () => {
    const events = Array.from({ length: 10_000 }, (_value, index) => event("ADDED", `p${index}`, String(1 + index)));
    const { api, informer, log, clock, stop } = await stream([
      { events, thenAfterMs: 5000, more: [endOfList("20000"), event("MODIFIED", "p7", "20001")] },
    ]);
    expect([informer.size, informer.isSynced, log, informer.resourceVersion]).toEqual([0, false, [], ""]);
    await clock.advance(5000);
    expect([informer.size, informer.isSynced, log.length]).toEqual([10_000, true, 10_002]);
    expect(log.slice(-2)).toEqual(["synced", "p7@8>p7@20001"]);
    expect([informer.resourceVersion, api.trace]).toEqual(["20001", ["stream "]]);
    await stop();
  });

  it("keeps the old state while a new one streams, and the objects that did not change [client S2] [client S7] [client C3]", async () => {
    const { informer, log, clock, api, stop } = await stream([
      {
        events: [event("ADDED", "a", "1"), event("ADDED", "b", "2"), event("ADDED", "c", "3"), endOfList("9")],
        thenAfterMs: 10,
        fails: fault("GONE"),
      },
      {
        events: [
          event("ADDED", "a", "1"),
          event("ADDED", "b", "12"),
          event("ADDED", "d", "11"),
          event("ADDED", "e", "13"),
        ],
        thenAfterMs: 4000,
        more: [event("MODIFIED", "d", "14"), event("DELETED", "e", "15"), endOfList("15")],
      },
    ]);
    await clock.advance(10);
    const before = informer.get("shop/a");
    await clock.advance(4000);
    // The fault came right after the list: the informer waited before it asked again.
    expect(held(informer)).toEqual(["a@1", "b@2", "c@3"]);
    await clock.advance(800);
    expect(held(informer)).toEqual(["a@1", "b@12", "d@14"]);
    expect(informer.get("shop/a")).toBe(before);
    expect(log).toEqual(["+a@1", "+b@2", "+c@3", "synced", "b@2>b@12", "+d@14", "xc@3"]);
    expect(api.trace).toEqual(["stream ", "stream 9"]);
    await stop();
  });

  it("throws away what a broken stream has shown and starts again [client S3]", async () => {
    const { informer, log, clock, api, stop } = await stream([
      { events: [event("ADDED", "gone-meanwhile", "1"), event("ADDED", "a", "2")], fails: fault("UNREACHABLE") },
      { events: [event("ADDED", "a", "2"), endOfList("9")] },
    ]);
    expect([informer.status.state, informer.size]).toEqual(["waiting", 0]);
    await clock.advance(800);
    expect([log, api.trace]).toEqual([
      ["+a@2", "synced"],
      ["stream ", "stream "],
    ]);
    await stop();
  });

  it.each(["INVALID", "UNSUPPORTED"])(
    "lists at once when the server refuses (%s), and remembers it for a while [client S4]",
    async (name) => {
      const lose = { events: [event("ADDED", "z", "20")], fails: fault("RESPONSE") };
      const { api, clock, informer, stop } = await stream([
        { fails: fault(name) },
        lose,
        { afterMs: 700_000, fails: fault("RESPONSE") },
        {},
      ]);
      expect(informer.isSynced).toBe(true);
      await clock.advance(800);
      expect(api.trace).toEqual(["stream ", "list 0", "watch 9", "list 20", "watch 9"]);
      // Eleven minutes later the server may be another one.
      await clock.advance(702_000);
      expect(api.trace.slice(5)).toEqual(["stream 9"]);
      await stop();
    },
  );

  it.each(["TOO_MANY_REQUESTS", "UNREACHABLE", "TIMEOUT", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND"])(
    "waits and streams again after %s, however often [client S4]",
    async (name) => {
      const refused = { fails: fault(name) };
      const { api, clock, informer, stop } = await stream([refused, refused, refused, { events: [endOfList("9")] }]);
      await clock.advance(800 + 1600 + 3200);
      expect([api.trace, informer.isSynced]).toEqual([["stream ", "stream ", "stream ", "stream "], true]);
      await stop();
    },
  );

  it.each(["GONE", "RESOURCE_VERSION_TOO_LARGE"])(
    "streams the latest state at once after %s [client S4] [client L8]",
    async (name) => {
      const { api, clock, informer, log, stop } = await stream([
        { events: [event("ADDED", "a", "50"), endOfList("50"), event("MODIFIED", "a", "51")], fails: fault(name) },
        { fails: fault(name) },
        { events: [event("ADDED", "a", "20"), endOfList("30")] },
      ]);
      await clock.advance(0);
      expect(api.trace).toEqual(["stream ", "stream 51", "stream "]);
      // The server was restored from a backup: what it has now is right, though older.
      expect([log, informer.resourceVersion]).toEqual([["+a@50", "synced", "a@50>a@51", "a@51>a@20"], "30"]);
      await stop();
    },
  );

  it.each<[string, WatchScript]>([
    ["ends each stream without the closing bookmark", { events: [event("ADDED", "a", "1")], ends: true }],
    ["sends other bookmarks instead", { events: [event("ADDED", "a", "1"), event("BOOKMARK", "", "9")] }],
    ["says nothing more", { events: [event("ADDED", "a", "1")] }],
    ["breaks down in the stream", { fails: fault("SERVER") }],
    ["closes without a version", { events: [endOfList("")] }],
  ])("lists after two streams when the server %s [client S5] [client S6]", async (_name, script) => {
    const { api, clock, informer, stop } = await stream([script, script, {}]);
    await clock.advance(65_000);
    expect([api.trace, informer.isSynced, held(informer)]).toEqual([
      ["stream ", "stream ", "list 0", "watch 9"],
      true,
      ["a@1"],
    ]);
    await stop();
  });

  it("warns of a stream that is silent for 10 s [client S5]", async () => {
    const warnings: string[] = [];
    const logger = { error: () => {}, info: () => {}, debug: () => {}, isEnabled: () => true };
    const { clock, stop } = await startInformer(LIST, [{ events: [event("ADDED", "a", "1")] }], {
      listMode: "stream",
      logger: { ...logger, warn: (message) => void warnings.push(message) },
    });
    await clock.advance(9999);
    expect(warnings).toEqual([]);
    // The first interval had an event in it.
    await clock.advance(10_001);
    expect(warnings).toEqual(["a streaming list is silent"]);
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("resumes from the last event, without a list, when the stream ends after the state [client S2] [client W1]", async () => {
    const { api, informer, stop } = await stream([
      { events: [event("ADDED", "a", "1"), endOfList("9"), event("MODIFIED", "a", "10")], ends: true },
      {},
    ]);
    expect([api.trace, informer.resourceVersion]).toEqual([["stream ", "watch 10"], "10"]);
    await stop();
  });

  it("delivers nothing after a stop in the middle of a streaming list [client W14]", async () => {
    const { clock, log, api, informer, stop } = await stream([
      { events: [event("ADDED", "a", "1")], thenAfterMs: 1000, more: [endOfList("9")] },
    ]);
    await stop();
    await clock.advance(600_000);
    expect([log, api.calls.length, clock.pendingTimers, informer.size]).toEqual([[], 1, 0, 0]);
  });
});
