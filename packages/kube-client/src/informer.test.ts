import { ManualClock, sleep } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { createMetrics } from "@kinglet/metrics";
import { waitFor } from "@kinglet/testing";
import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { endOfList, event, FakeApi, object, type ListScript } from "../test/fake-api.ts";
import { fault, recorder, startInformer } from "../test/informer-fixture.ts";
import { ACCESS, line, pod, podList, ScriptedTransport } from "../test/scripted-transport.ts";
import { createInformer, createKubeClient, pods, type Informer, type KubeObject } from "./index.ts";
import { loadStreamedLists } from "./lazy.ts";

// Loading takes time of its own, which the clock of the tests does not wait for.
beforeAll(async () => void (await loadStreamedLists()));

const TWO: ListScript[] = [{ items: [object("a", "1"), object("b", "2")], resourceVersion: "5" }];

describe("Informer.addHandler", () => {
  it("lets a handler that never settles hold up neither the stream nor the others [client W11]", async () => {
    const events = Array.from({ length: 5000 }, (_value, index) => event("MODIFIED", "a", String(100 + index)));
    const metrics = createMetrics();
    const { informer, log, clock, stop } = await startInformer(
      TWO,
      [{ afterMs: 10, ends: true }, { events, ends: true }, {}],
      { metrics },
    );
    let calls = 0;
    const stuck = informer.addHandler({
      onUpdate: () => {
        calls++;
        return new Promise(() => {});
      },
    });
    await clock.advance(1000);
    expect([log.length, calls, informer.resourceVersion, informer.status.state]).toEqual([5003, 1, "5099", "watching"]);
    expect(stuck).toMatchObject({ isBehind: true, waiting: 1 });
    const { text } = await metrics.exposition();
    expect(text).toContain('kinglet_kube_handler_relists_total{resource="pods"} 1');
    expect(text).toContain('kinglet_kube_handler_waiting{resource="pods"} 1');
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives a handler that comes in the middle of a delivery everything once [client C5]", async () => {
    const late: string[] = [];
    let informer: Informer<KubeObject> | undefined;
    const join = (): void => {
      if (late.length === 0) informer?.addHandler(recorder(late));
    };
    const relist = [
      { events: [event("MODIFIED", "a", "6")], fails: fault("GONE") },
      { events: [event("MODIFIED", "b", "13")] },
    ];
    const second = { items: [object("a", "11"), object("c", "12")], resourceVersion: "12" };
    const bench = await startInformer([...TWO, second], [{ afterMs: 10, ends: true }, ...relist], {});
    informer = bench.informer;
    informer.addHandler({ onUpdate: (now) => (now.metadata.resourceVersion === "11" ? join() : undefined) });
    await bench.clock.advance(10_000);
    // The new list was in the store as a whole when it joined; the rest of that delivery is not for it.
    expect(late).toEqual(["+a@11", "+c@12", "synced", "+b@13"]);
    await bench.stop();
  });

  it("marks what is in a handler's first list, per handler [client C5]", async () => {
    const seen: string[] = [];
    const { informer, stop } = await startInformer(TWO, [{ events: [event("ADDED", "c", "6")] }]);
    const note = {
      onAdd: (added: KubeObject, { isInInitialList }: { readonly isInInitialList: boolean }) =>
        void seen.push(`${added.metadata.name} ${isInInitialList}`),
    };
    const registration = informer.addHandler(note);
    expect([seen, registration.isSynced]).toEqual([["a true", "b true", "c true"], true]);
    await stop();
    const again = await startInformer(TWO, [{ afterMs: 5, ends: true }, { events: [event("ADDED", "c", "6")] }]);
    again.informer.addHandler(note);
    await again.clock.advance(2000);
    expect(seen.slice(3)).toEqual(["a true", "b true", "c false"]);
    await again.stop();
  });

  it("synced of a slow handler is its own [client C5]", async () => {
    const { informer, clock, stop } = await startInformer(TWO);
    const slow = informer.addHandler({ onAdd: () => sleep(1000, { clock }) });
    expect([informer.isSynced, slow.isSynced, slow.waiting]).toEqual([true, false, 2]);
    await clock.advance(2000);
    expect([slow.isSynced, slow.waiting]).toEqual([true, 0]);
    await stop();
  });
});

describe("Informer.waitForVersion", () => {
  it("reads what was written: resolves with the event, not before [client C10]", async () => {
    const { informer, clock, stop } = await startInformer(TWO, [
      { thenAfterMs: 1000, more: [event("MODIFIED", "a", "7")], afterMs: 1000, ends: true },
      { events: [event("BOOKMARK", "", "20")] },
    ]);
    await informer.waitForVersion("5");
    const reached: string[] = [];
    for (const version of ["6", "7", "20"]) void informer.waitForVersion(version).then(() => reached.push(version));
    const old = informer.waitForVersion("7").then(() => informer.get("shop/a")?.metadata.resourceVersion);
    await clock.advance(999);
    expect([reached, informer.resourceVersion]).toEqual([[], "5"]);
    await clock.advance(1);
    expect([reached, await old]).toEqual([["6", "7"], "7"]);
    await clock.advance(1000);
    expect(reached).toEqual(["6", "7", "20"]);
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits for the first list, and ends at its time limit or signal [client C10]", async () => {
    const { informer, clock, stop } = await startInformer([{ fails: fault("UNREACHABLE") }, ...TWO]);
    const early = informer.waitForVersion("3");
    const limited = informer.waitForVersion("99", { timeoutMs: 500 });
    const refused = expect(limited).rejects.toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_TIMEOUT" });
    const leaving = new AbortController();
    const left = expect(informer.waitForVersion("99", { signal: leaving.signal })).rejects.toThrow("gone home");
    leaving.abort(new Error("gone home"));
    await clock.advance(800);
    await Promise.all([early, refused, left]);
    await expect(informer.waitForVersion("newest")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" });
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("Informer's objects", () => {
  it("are frozen to any depth when asked for, from lists, events and deletions alike [client C8]", async () => {
    const deep = (name: string, version: string): KubeObject =>
      ({ ...object(name, version), spec: { containers: [{ name: "c" }] } }) as KubeObject;
    const frozen: boolean[] = [];
    const check = (one: object): void => {
      const { containers } = (one as { spec: { containers: object[] } }).spec;
      frozen.push([one, containers, containers[0]].every((part) => Object.isFrozen(part)));
    };
    const { informer, clock, stop } = await startInformer(
      [{ items: [deep("a", "1")], resourceVersion: "5" }],
      [
        { afterMs: 1, ends: true },
        {
          events: [6, 7].map((version) => ({
            type: "MODIFIED",
            object: deep("a", String(version)),
            resourceVersion: String(version),
          })),
        },
      ],
      { freeze: true },
    );
    informer.addHandler({ onAdd: check, onUpdate: check, onDelete: check });
    await clock.advance(2000);
    expect(frozen).toEqual([true, true, true]);
    expect(() => Object.assign(informer.get("shop/a")!.metadata, { name: "b" })).toThrow(TypeError);
    await stop();
  });

  it("are typed readonly to any depth [client C8]", () => {
    interface Changeable extends KubeObject {
      spec: { containers: { name: string }[] };
    }
    type Held = NonNullable<ReturnType<Informer<Changeable>["get"]>>;
    expectTypeOf<Held["spec"]["containers"]>().toEqualTypeOf<readonly { readonly name: string }[]>();
  });

  it("have the projected shape wherever they come from, and projecting again changes nothing [client C7]", async () => {
    const full = (version: string): Record<string, unknown> => ({
      kind: "Pod",
      ...pod("a", version, { spec: { nodeName: "n", volumes: [{ name: "v" }] }, status: { phase: "Running" } }),
    });
    const slim = (version: string): Record<string, unknown> => ({
      kind: "Pod",
      metadata: { name: "a", namespace: "shop", uid: "uid-a", resourceVersion: version },
      spec: { nodeName: "n" },
    });
    const watches = [
      [line("MODIFIED", full("6")), line("ADDED", slim("6")), line("DELETED", full("7"))],
      [line("ADDED", full("8")), line("ERROR", { kind: "Status", code: 410, reason: "Expired" })],
    ];
    const transport = new ScriptedTransport((request, index) =>
      request.url.searchParams.has("watch")
        ? { chunks: watches.shift() ?? [] }
        : podList(index === 0 ? "5" : "9", index === 0 ? [full("1")] : []),
    );
    const clock = new ManualClock();
    await using client = createKubeClient(ACCESS, { transport, clock });
    const seen: unknown[] = [];
    const informer = createInformer<KubeObject>(client, pods, {
      clock,
      projection: { paths: ["kind", "spec.nodeName"] },
    });
    informer.addHandler({
      onAdd: (added) => void seen.push(added),
      onUpdate: (now) => void seen.push(now),
      onDelete: (gone) => void seen.push(gone),
    });
    const stopping = new AbortController();
    const running = informer.run({ signal: stopping.signal });
    // The readers of answers are loaded at the first use.
    await waitFor(() => seen.length >= 5, { describe: "five deliveries" });
    stopping.abort();
    await running;
    expect(seen).toEqual([slim("1"), slim("6"), slim("7"), slim("8"), slim("8")]);
  });

  it("are at hand by namespace [client C4]", async () => {
    const { informer, stop } = await startInformer(
      [
        {
          items: [object("a", "1"), { metadata: { name: "x", namespace: "other", uid: "u", resourceVersion: "2" } }],
          resourceVersion: "5",
        },
      ],
      [{ events: [event("ADDED", "b", "6"), event("DELETED", "a", "7")] }],
    );
    const names = (namespace: string): string[] =>
      [...informer.inNamespace(namespace)].map(({ metadata }) => metadata.name);
    expect([names("shop"), names("other"), names("none"), informer.size]).toEqual([["b"], ["x"], [], 2]);
    await stop();
  });
});

describe("Informer.run", () => {
  it("re-delivers nothing unless asked, then from the store alone [client C6]", async () => {
    const quiet = await startInformer(TWO);
    await quiet.clock.advance(86_400_000);
    expect(quiet.log).toEqual(["+a@1", "+b@2", "synced"]);
    await quiet.stop();
    const { api, log, clock, informer, stop } = await startInformer(TWO, [{}], { resyncMs: 36_000_000 });
    const isSame: boolean[] = [];
    informer.addHandler({ onUpdate: (now, old) => void isSame.push(now === old) });
    await clock.advance(32_400_000);
    expect([log.slice(3), isSame, api.calls.length]).toEqual([["a@1>a@1", "b@2>b@2"], [true, true], 2]);
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("re-delivers more objects than a queue holds to a handler that takes its time [client C6]", async () => {
    const items = Array.from({ length: 2500 }, (_value, index) => object(`p${index}`, String(index + 1)));
    const warnings: string[] = [];
    const logger = { ...noopLogger, warn: (message: string) => void warnings.push(message) };
    const clock = new ManualClock();
    const api = new FakeApi(clock, { lists: [{ items, resourceVersion: "2500" }] });
    const informer = createInformer<KubeObject>(api, pods, { clock, logger, random: () => 0.5, resyncMs: 600_000 });
    const stopping = new AbortController();
    const first = informer.run({ signal: stopping.signal });
    await clock.advance(0);
    stopping.abort();
    await first;
    const again = new Set<string>();
    // The informer does not run: what waits for it makes no handler slow.
    informer.addHandler({
      onUpdate: async (now, old) => {
        await sleep(10, { clock });
        if (now === old) again.add(now.metadata.name);
      },
    });
    expect(warnings).toEqual([]);
    const stop = new AbortController();
    const running = informer.run({ signal: stop.signal });
    await clock.advance(650_000);
    expect(again.size).toBe(2500);
    stop.abort();
    await running;
  });

  it("asks ever more rarely for what the server refuses, and says it once [client L11]", async () => {
    const warnings: string[] = [];
    const logger = { error: () => {}, info: () => {}, debug: () => {}, isEnabled: () => true };
    const { api, clock, informer, stop } = await startInformer(
      [{ fails: fault("INVALID", { message: 'field label not supported: "spec.foo"', problem: "field label" }) }],
      [{}],
      { fieldSelector: "spec.foo=1", logger: { ...logger, warn: (message) => void warnings.push(message) } },
    );
    await clock.advance(3_600_000);
    const times = api.calls.map(({ atMs }) => atMs);
    expect(times.length).toBeLessThan(25);
    expect(times.at(-1)! - times.at(-2)!).toBe(300_000);
    expect(warnings).toEqual(["list failed"]);
    expect(informer.status.reason).toContain('field label not supported: "spec.foo"');
    await stop();
  });

  it("says which of the server's queues was full [client E3]", async () => {
    const fields: unknown[] = [];
    const logger = { error: () => {}, info: () => {}, debug: () => {}, isEnabled: () => true };
    const throttled = fault("TOO_MANY_REQUESTS", { flowSchemaUid: "f", priorityLevelUid: "p", retryAfterSeconds: 2 });
    const { clock, api, stop } = await startInformer([{ fails: throttled }, ...TWO], [{}], {
      logger: { ...logger, warn: (_message, more) => void fields.push(more) },
    });
    expect(fields).toMatchObject([{ flowSchemaUid: "f", priorityLevelUid: "p", delayMs: 2000 }]);
    await clock.advance(2000);
    expect(api.trace).toEqual(["list 0", "list 0", "watch 5"]);
    await stop();
  });

  it("asks for metadata only, in lists, watches and streaming lists [client L10]", async () => {
    const paged = await startInformer(TWO, [{}], { metadataOnly: true });
    const streamed = await startInformer(TWO, [{ events: [endOfList("5")], ends: true }, {}], {
      metadataOnly: true,
      listMode: "stream",
    });
    // An end right after the list is as any end within a second: there is a wait before the watch.
    await streamed.clock.advance(800);
    for (const { api } of [paged, streamed]) {
      expect(api.calls.map(({ options }) => options["metadataOnly"])).toEqual([true, true]);
    }
    await paged.stop();
    await streamed.stop();
  });
});
