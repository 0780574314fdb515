import { sleep } from "@kinglet/lifecycle";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { event, object, type ListScript } from "../test/fake-api.ts";
import { fault, held, recorder, startInformer as start } from "../test/informer-fixture.ts";

describe("Informer", () => {
  describe("listing", () => {
    it("is synced only after one complete list [start-up L4a]", async () => {
      const failure = { fails: fault("UNREACHABLE"), after: [object("a", "1")] };
      const { clock, informer, log, stop, api } = await start([
        failure,
        { items: [object("a", "1")], resourceVersion: "5" },
      ]);
      let waited = false;
      void informer.waitForSync().then(() => (waited = true));
      expect(informer.status).toMatchObject({ state: "waiting" });
      await clock.advance(799);
      expect([informer.isSynced, waited, log, informer.size]).toEqual([false, false, [], 0]);
      await clock.advance(1);
      expect([informer.isSynced, waited, log]).toEqual([true, true, ["+a@1", "synced"]]);
      expect(informer.status).toEqual({ state: "watching", reason: "from version 5" });
      expect(api.trace).toEqual(["list 0", "list 0", "watch 5"]);
      await stop();
    });

    it("asks for 0 first, then for what it holds, and for the latest after 410 or a version from the future [client L1] [client L4] [client L8]", async () => {
      for (const name of ["GONE", "RESOURCE_VERSION_TOO_LARGE"]) {
        const { clock, api, stop } = await start(
          [{ items: [], resourceVersion: "5" }, { fails: fault(name) }, { items: [], resourceVersion: "3" }],
          [{ events: [event("ADDED", "a", "6")], fails: fault("GONE") }, {}],
        );
        await clock.advance(0);
        expect(api.trace).toEqual(["list 0", "watch 5", "list 6", "list ", "watch 3"]);
        await stop();
      }
    });

    it("pages the first list, not a list at a version, unless the server pages its cache too [client L5]", async () => {
      const relist = [{ events: [event("ADDED", "a", "6")], fails: fault("GONE") }, {}];
      const cached = await start([{ items: [], resourceVersion: "5" }], relist);
      expect(cached.api.calls.filter((call) => call.verb === "list").map((call) => call.options["limit"])).toEqual([
        500, 0,
      ]);
      await cached.stop();
      const paged = await start([{ items: [], resourceVersion: "5", isPaged: true }], relist);
      expect(paged.api.calls.filter((call) => call.verb === "list").map((call) => call.options["limit"])).toEqual([
        500, 500,
      ]);
      await paged.stop();
    });

    it("finds deletions that a new list shows, with tombstones, and changes [start-up L4c] [client C2] [client C3]", async () => {
      const { log, informer, stop } = await start(
        [
          { items: [object("a", "1"), object("b", "2"), object("c", "3")], resourceVersion: "5" },
          { items: [object("a", "1"), object("c", "7"), object("d", "8")], resourceVersion: "9" },
        ],
        [{ events: [event("MODIFIED", "b", "6")], fails: fault("GONE") }, {}],
      );
      expect(log).toEqual(["+a@1", "+b@2", "+c@3", "synced", "b@2>b@6", "c@3>c@7", "+d@8", "xb@6"]);
      expect(held(informer)).toEqual(["a@1", "c@7", "d@8"]);
      await stop();
    });

    it("believes a consistent list that goes back in time: the server was restored [client L8]", async () => {
      const { log, informer, stop } = await start(
        [
          { items: [object("a", "50")], resourceVersion: "50" },
          { fails: fault("RESOURCE_VERSION_TOO_LARGE") },
          { items: [object("a", "20")], resourceVersion: "30" },
        ],
        [{ events: [event("MODIFIED", "a", "51")], fails: fault("RESOURCE_VERSION_TOO_LARGE") }, {}],
      );
      expect(log).toEqual(["+a@50", "synced", "a@50>a@51", "a@51>a@20"]);
      expect(informer.resourceVersion).toBe("30");
      await stop();
    });

    it("reports an object made again under its name as deleted and added [client C1]", async () => {
      const { log, stop } = await start(
        [
          { items: [object("a", "1", "old")], resourceVersion: "5" },
          { items: [object("a", "8", "new")], resourceVersion: "9" },
        ],
        [{ events: [event("ADDED", "z", "6")], fails: fault("GONE") }, {}],
      );
      expect(log).toEqual(["+a@1", "synced", "+z@6", "xa@1", "+a@8", "xz@6"]);
      await stop();
    });
  });

  describe("watching", () => {
    const empty: ListScript[] = [{ items: [], resourceVersion: "10" }];

    it("goes on from the last event or bookmark after a clean end, without a list [client W1] [client W3] [client W4]", async () => {
      const { clock, api, log, informer, stop } = await start(empty, [
        { events: [event("ADDED", "a", "11")], ends: true },
        { events: [event("BOOKMARK", "", "20")], ends: true },
        { afterMs: 5000, ends: true },
        {},
      ]);
      await clock.advance(5000);
      expect(api.trace).toEqual(["list 0", "watch 10", "watch 11", "watch 20", "watch 20"]);
      expect([log, informer.resourceVersion]).toEqual([["synced", "+a@11"], "20"]);
      await stop();
    });

    it("advances from an empty version only after something other than ADDED [client W1]", async () => {
      const { api, stop } = await start(
        [{ items: [], resourceVersion: "" }],
        [
          { events: [event("ADDED", "a", "9"), event("ADDED", "b", "4")], ends: true },
          { events: [event("ADDED", "a", "9"), event("MODIFIED", "b", "10")], ends: true },
          {},
        ],
      );
      expect(api.trace).toEqual(["list 0", "watch ", "watch ", "watch 10"]);
      await stop();
    });

    it("spreads the time limit over 300 to 600 s [client W2]", async () => {
      const asked = async (random: number): Promise<unknown> => {
        const { api, stop } = await start(empty, [{}], { random: () => random });
        await stop();
        return api.calls[1]?.options["timeoutSeconds"];
      };
      expect([await asked(0), await asked(0.5), await asked(0.999)]).toEqual([300, 450, 599]);
    });

    it("backs off when the server ends each watch at once [client W4]", async () => {
      const { clock, api, stop } = await start(empty, [{ ends: true }]);
      await clock.advance(60_000);
      expect(api.calls.filter((call) => call.verb === "list")).toHaveLength(1);
      expect(api.calls.filter((call) => call.verb === "watch").map((call) => call.atMs)).toEqual([
        0, 800, 2400, 5600, 12_000, 24_800, 50_400,
      ]);
      await stop();
    });

    it("does not turn into a list loop when the version of a fresh list is gone [client W5]", async () => {
      const { clock, api, stop } = await start(empty, [{ fails: fault("GONE") }]);
      await clock.advance(60_000);
      expect(api.calls.length).toBeLessThan(16);
      await stop();
    });

    it.each([
      ["UNREACHABLE", ["watch 11"]],
      ["TIMEOUT", ["watch 11"]],
      ["TOO_MANY_REQUESTS", ["watch 11"]],
      ["UNAUTHORIZED", ["watch 11"]],
      ["FORBIDDEN", ["watch 11"]],
      ["SERVER", ["watch 11"]],
      ["NOT_FOUND", ["list 11", "watch 10"]],
      ["INVALID", ["list 11", "watch 10"]],
      ["RESPONSE", ["list 11", "watch 10"]],
      ["TOO_LARGE", ["list 11", "watch 10"]],
    ])("keeps going after %s, after a wait, with %j [client W6] [client W7]", async (name, next) => {
      const { clock, api, informer, stop } = await start(empty, [
        { events: [event("ADDED", "a", "11")], fails: fault(name) },
        {},
      ]);
      expect(informer.status.state).toBe("waiting");
      expect(informer.status.reason).toContain("next attempt in 800 ms");
      await clock.advance(799);
      expect(api.calls).toHaveLength(2);
      await clock.advance(1);
      expect(api.trace.slice(2)).toEqual(next);
      await stop();
    });

    it("waits as long as the server asks [client E3]", async () => {
      const { clock, api, stop } = await start(empty, [
        { fails: fault("TOO_MANY_REQUESTS", { retryAfterSeconds: 7 }) },
        {},
      ]);
      await clock.advance(6999);
      expect(api.calls).toHaveLength(2);
      await clock.advance(1);
      expect(api.calls).toHaveLength(3);
      await stop();
    });

    it("takes a list after three server faults in a row [client W6]", async () => {
      const { clock, api, stop } = await start(empty, [{ fails: fault("SERVER") }]);
      await clock.advance(800 + 1600 + 3200);
      expect(api.trace).toEqual(["list 0", "watch 10", "watch 10", "watch 10", "list 10", "watch 10"]);
      await stop();
    });

    it("asks ever more slowly for a kind that is gone, up to two minutes [client W7]", async () => {
      const lists: ListScript[] = [{ items: [], resourceVersion: "10" }];
      const { clock, api, stop } = await start(lists, [{ fails: fault("NOT_FOUND") }]);
      await clock.advance(3_600_000);
      const watches = api.calls.filter((call) => call.verb === "watch").map((call) => call.atMs);
      expect(watches.at(-1)! - watches.at(-2)!).toBe(120_000);
      await stop();
    });

    it("ignores replayed older events and keeps its place [client C3] [client W1]", async () => {
      const { api, log, informer, stop } = await start(
        [{ items: [object("a", "10")], resourceVersion: "10" }],
        [
          {
            events: [
              event("MODIFIED", "a", "99999999999999999998"),
              event("MODIFIED", "a", "12"),
              event("MODIFIED", "a", "99999999999999999998"),
              event("DELETED", "a", "13"),
              event("DELETED", "a", "99999999999999999999", "another-uid"),
              event("DELETED", "never-seen", "14"),
              event("ADDED", "deleted-long-ago", "3"),
            ],
            ends: true,
          },
          {},
        ],
      );
      expect(log).toEqual(["+a@10", "synced", "a@10>a@99999999999999999998"]);
      expect(api.trace.at(-1)).toBe("watch 99999999999999999999");
      expect(informer.size).toBe(1);
      await stop();
    });

    it("hands on the old object with an update and the sent one with a deletion [start-up L4g] [client W12]", async () => {
      const { log, stop } = await start(empty, [
        { events: [event("ADDED", "a", "11"), event("MODIFIED", "a", "12"), event("DELETED", "a", "13")] },
      ]);
      expect(log).toEqual(["synced", "+a@11", "a@11>a@12", "-a@13"]);
      await stop();
    });
  });

  describe("handlers", () => {
    const list: ListScript[] = [{ items: [object("a", "1"), object("b", "2")], resourceVersion: "5" }];

    it("gives a late handler what is there, then its synced mark [client C5]", async () => {
      const { informer, log, stop } = await start(list);
      const late: string[] = [];
      const registration = informer.addHandler(recorder(late));
      expect(late).toEqual(["+a@1", "+b@2", "synced"]);
      expect(late).toEqual(log);
      expect(registration).toMatchObject({ isSynced: true, waiting: 0, isBehind: false });
      registration.remove();
      await stop();
    });

    it("logs and counts exceptions and rejections and goes on [client C9]", async () => {
      let errors = 0;
      const metrics: Metrics = {
        ...noopMetrics,
        counter: (definition) => ({ add: () => void (errors += definition.name.includes("handler_errors") ? 1 : 0) }),
      };
      const { informer, clock, log, api, stop } = await start(
        list,
        [{ events: [event("ADDED", "c", "6")], ends: true }, {}],
        { metrics },
      );
      informer.addHandler({
        onAdd: (added) => {
          if (added.metadata.name === "a") throw new Error("sync");
          return Promise.reject(new Error("async"));
        },
      });
      await clock.advance(0);
      expect(errors).toBe(3);
      expect(log.at(-1)).toBe("+c@6");
      expect(api.trace.at(-1)).toBe("watch 6");
      await stop();
    });

    it("calls an asynchronous handler one at a time and in order, and lets the others go ahead [client W11]", async () => {
      const events = Array.from({ length: 50 }, (_value, index) => event("MODIFIED", "a", String(100 + index)));
      const { informer, clock, log, stop } = await start(list, [
        { afterMs: 10, events: [], ends: true },
        { events },
        {},
      ]);
      const slow: string[] = [];
      let running = 0;
      informer.addHandler({
        onUpdate: async (now) => {
          expect(++running).toBe(1);
          await sleep(Number(now.metadata.resourceVersion) % 7, { clock });
          slow.push(now.metadata.resourceVersion);
          running--;
        },
      });
      await clock.advance(1000);
      expect(log).toHaveLength(53);
      await clock.advance(1000);
      expect(slow).toEqual(events.map(({ resourceVersion }) => resourceVersion));
      await stop();
    });
  });

  describe("stopping", () => {
    it.each([
      ["a wait", [{ fails: fault("UNREACHABLE") }], [{}]],
      ["a watch", [{ items: [object("a", "1")], resourceVersion: "5" }], [{}]],
    ] as const)("ends %s at once and delivers nothing afterwards [client W14]", async (_name, lists, watches) => {
      const { clock, api, informer, log, stop } = await start(lists, watches);
      await stop();
      const calls = api.calls.length;
      const delivered = log.length;
      await clock.advance(600_000);
      expect([api.calls.length, log.length, clock.pendingTimers, api.openWatches]).toEqual([calls, delivered, 0, 0]);
      expect(informer.status.state).toBe("stopped");
      await expect(informer.run({ signal: AbortSignal.abort() })).resolves.toBeUndefined();
    });

    it("holds back what waits for a slow handler, and hands it on when run again [client W14]", async () => {
      const { clock, informer, stop } = await start([
        { items: [object("a", "1"), object("b", "2")], resourceVersion: "5" },
      ]);
      const seen: string[] = [];
      informer.addHandler({
        onAdd: async (added) => {
          seen.push(added.metadata.name);
          await sleep(1000, { clock });
        },
      });
      await stop();
      await clock.advance(5000);
      expect(seen).toEqual(["a"]);
      const again = new AbortController();
      const running = informer.run({ signal: again.signal });
      await clock.advance(5000);
      expect(seen).toEqual(["a", "b"]);
      again.abort();
      await running;
    });

    it("refuses to run twice at the same time", async () => {
      const { informer, stop } = await start([{ items: [], resourceVersion: "1" }]);
      await expect(informer.run({ signal: new AbortController().signal })).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT",
      });
      await stop();
    });
  });
});
