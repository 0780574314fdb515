import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { event, FakeApi, object, type ListScript, type WatchScript } from "../test/fake-api.ts";
import { fault, startInformer } from "../test/informer-fixture.ts";
import { createInformer, objectKey, pods, type KubeObject } from "./index.ts";
import { loadVersionProbe } from "./lazy.ts";

// Loading takes time of its own, which the clock of the tests does not wait for.
beforeAll(async () => void (await loadVersionProbe()));

/** What is asked and delivered in the first minutes of an informer over scripts. */
async function play(
  lists: readonly ListScript[],
  watches: readonly WatchScript[],
  onListed: (stop: AbortController) => void = () => {},
): Promise<{ readonly trace: string[]; readonly log: string[] }> {
  const clock = new ManualClock();
  const api = new FakeApi(clock, { lists, watches });
  const log: string[] = [];
  const stop = new AbortController();
  const client: Pick<FakeApi, "listEach" | "watch"> = {
    listEach: async (resource, options) => {
      const result = await api.listEach(resource, options);
      onListed(stop);
      return result;
    },
    watch: (resource, options) => api.watch(resource, options),
  };
  const informer = createInformer<KubeObject>(client, pods, { clock, random: () => 0 });
  informer.addHandler({
    onAdd: ({ metadata }) => void log.push(`+${metadata.name}@${metadata.resourceVersion}`),
    onUpdate: ({ metadata }) => void log.push(`${metadata.name}@${metadata.resourceVersion}`),
    onDelete: ({ metadata }) => void log.push(`-${metadata.name}@${metadata.resourceVersion}`),
    onSynced: () => void log.push("synced"),
  });
  const running = informer.run({ signal: stop.signal });
  await clock.advance(60_000);
  stop.abort();
  await running;
  return { trace: api.trace, log };
}

describe("Reflector", () => {
  it("does not go back to what another server's cache still shows [client C3]", async () => {
    const { log } = await play(
      [
        { items: [object("a", "5")], resourceVersion: "10" },
        { items: [object("a", "3"), object("b", "4")], resourceVersion: "10" },
      ],
      [{ events: [event("ADDED", "c", "11")], fails: fault("RESPONSE") }, {}],
    );
    expect(log).toEqual(["+a@5", "synced", "+c@11", "+b@4", "-c@11"]);
  });

  it("ignores an older deletion in a stream without order [client C3]", async () => {
    const deletions = [event("DELETED", "a", "4"), event("DELETED", "a", "12")];
    const { log } = await play(
      [{ items: [object("a", "9")], resourceVersion: "" }],
      [{ events: deletions.slice(0, 1), ends: true }, { events: deletions }],
    );
    expect(log).toEqual(["+a@9", "synced", "-a@12"]);
  });

  it("trusts its version again after the list without one [client L1]", async () => {
    const gone = { events: [event("ADDED", "a", "21")], fails: fault("GONE") };
    const { trace } = await play(
      [{ items: [], resourceVersion: "5" }, { fails: fault("GONE") }, { items: [], resourceVersion: "20" }],
      [gone, gone, {}],
    );
    expect(trace).toEqual(["list 0", "watch 5", "list 21", "list ", "watch 20", "list 21", "watch 20"]);
  });

  it("does not finish a list that ends together with the signal [client W14]", async () => {
    const { log, trace } = await play([{ items: [object("a", "5")], resourceVersion: "5" }], [{}], (stop) =>
      stop.abort(),
    );
    expect([log, trace]).toEqual([[], ["list 0"]]);
  });

  it("ends with the server's state, whatever was cut and replayed on the way", async () => {
    // A model server: a history of changes; each watch replays some of it, then breaks anywhere, sometimes with the version gone.
    const change = fc.record({ name: fc.constantFrom("a", "b", "c"), isGone: fc.boolean() });
    const cut = fc.record({
      from: fc.nat(4),
      length: fc.nat(6),
      fails: fc.constantFrom("GONE", "UNREACHABLE", "SERVER", "RESPONSE", undefined),
    });
    const property = fc.asyncProperty(
      fc.array(change, { maxLength: 30 }),
      fc.array(cut, { maxLength: 8 }),
      async (changes, cuts) => {
        const model = modelOf(changes);
        const clock = new ManualClock();
        const api = modelApi(model, cuts, clock);
        const informer = createInformer<KubeObject>(api, pods, { clock, random: () => 0.5 });
        const seen = new Map<string, number>();
        informer.addHandler({
          onAdd: (added) => checkOrder(seen, added),
          onUpdate: (now) => checkOrder(seen, now),
          onDelete: (gone) => void seen.delete(gone.metadata.uid),
        });
        const stopping = new AbortController();
        const running = informer.run({ signal: stopping.signal });
        await clock.advance(600_000);
        stopping.abort();
        await running;
        expect(new Map([...informer.values()].map((one) => [objectKey(one), one.metadata.resourceVersion]))).toEqual(
          new Map(model.stateAt(changes.length).map((one) => [objectKey(one), one.metadata.resourceVersion])),
        );
        expect([...seen.keys()].sort()).toEqual([...informer.values()].map((one) => one.metadata.uid).sort());
      },
    );
    await fc.assert(property, { seed: 1, numRuns: 150 });
  });

  it("believes a bookmark that is older than its version: the server was restored [client L8] [client W3]", async () => {
    const { trace, log } = await play(
      [
        { items: [object("a", "5"), object("b", "9")], resourceVersion: "10" },
        { items: [object("a", "3")], resourceVersion: "6" },
      ],
      // Older events alone may be a replay.
      [{ events: [event("MODIFIED", "a", "4"), event("BOOKMARK", "", "10"), event("BOOKMARK", "", "6")] }, {}],
    );
    expect(trace).toEqual(["list 0", "watch 10", "list ", "watch 6"]);
    expect(log).toEqual(["+a@5", "+b@9", "synced", "a@3", "-b@9"]);
  });

  it("does not list without a pause where bookmarks go back over and over [client E1]", async () => {
    const { trace } = await play([{ items: [], resourceVersion: "10" }], [{ events: [event("BOOKMARK", "", "6")] }]);
    expect(trace.length).toBeLessThan(20);
  });

  it.each(["timeout", "end"])(
    "asks about its version after a watch that showed nothing until its %s [client L8] [client K8]",
    async (end) => {
      const silent = end === "end" ? { afterMs: 600_000, ends: true } : { afterMs: 100_000, fails: fault("TIMEOUT") };
      const { clock, api, informer, log, stop } = await startInformer(
        [
          { items: [object("a", "5")], resourceVersion: "10" },
          // The server has the version: the watch goes on from there.
          { items: [], resourceVersion: "10" },
          // It does not any more.
          { fails: fault("RESOURCE_VERSION_TOO_LARGE") },
          { items: [object("a", "3")], resourceVersion: "4" },
        ],
        [silent, silent, {}],
        { fieldSelector: "spec.nodeName=n", labelSelector: "x=y" },
      );
      await clock.advance(end === "end" ? 600_000 : 101_000);
      expect(clock.now() - informer.lastEventAtMs!).toBeLessThan(1_000);
      await clock.advance(610_000);
      expect(api.trace).toEqual(["list 0", "watch 10", "list 10", "watch 10", "list 10", "list ", "watch 4"]);
      const [, , probe, , , relist] = api.calls;
      expect(probe?.options).toMatchObject({ limit: 0, fieldSelector: "spec.nodeName=n,metadata.name=-" });
      expect(relist?.options).toMatchObject({ limit: 500, fieldSelector: "spec.nodeName=n" });
      expect(log).toEqual(["+a@5", "synced", "a@5>a@3"]);
      await stop();
    },
  );

  it("asks nothing while bookmarks come, and once in 90 s where the server cannot be asked [client L8]", async () => {
    const minute = { thenAfterMs: 60_000, more: [event("BOOKMARK", "", "10")], afterMs: 60_000, ends: true };
    const well = await startInformer([{ items: [], resourceVersion: "10" }], [minute]);
    await well.clock.advance(3_600_000);
    expect(well.api.trace.filter((call) => call.startsWith("list"))).toEqual(["list 0"]);
    await well.stop();
    const away = await startInformer(
      [{ items: [], resourceVersion: "10" }, { fails: fault("UNREACHABLE") }],
      [{ fails: fault("UNREACHABLE") }],
    );
    await away.clock.advance(900_000);
    expect(away.api.trace.filter((call) => call.startsWith("list")).length).toBeLessThanOrEqual(11);
    expect(away.api.trace.at(-1)).toBe("watch 10");
    await away.stop();
  });

  it("waits where versions are gone over and over, whatever comes in between [client W5] [client E1]", async () => {
    const versions = Array.from({ length: 500 }, (_value, at) => String(10 + at * 2));
    const { trace } = await play(
      versions.map((version) => ({ items: [], resourceVersion: version })),
      versions.map((version) => ({
        events: [event("ADDED", "a", String(Number(version) + 1))],
        fails: fault("GONE"),
      })),
    );
    expect(trace.slice(0, 4)).toEqual(["list 0", "watch 10", "list 11", "watch 12"]);
    expect(trace.length).toBeLessThan(30);
  });
});

function checkOrder(seen: Map<string, number>, { metadata }: KubeObject): void {
  const version = Number(metadata.resourceVersion);
  expect(version).toBeGreaterThan(seen.get(metadata.uid) ?? 0);
  seen.set(metadata.uid, version);
}

interface Model {
  readonly events: readonly ReturnType<typeof event>[];
  stateAt(version: number): KubeObject[];
}

function modelOf(changes: readonly { readonly name: string; readonly isGone: boolean }[]): Model {
  const uids = new Map<string, string>();
  const events = changes.map(({ name, isGone }, index) => {
    const version = index + 1;
    const uid = uids.get(name) ?? `${name}-${version}`;
    const type = isGone && uids.has(name) ? "DELETED" : uids.has(name) ? "MODIFIED" : "ADDED";
    if (type === "DELETED") uids.delete(name);
    else uids.set(name, uid);
    return event(type, name, String(version), uid);
  });
  return {
    events,
    stateAt: (version) => {
      const state = new Map<string, KubeObject>();
      for (const { type, object: changed } of events.slice(0, version)) {
        if (type === "DELETED") state.delete(changed.metadata.name);
        else state.set(changed.metadata.name, changed);
      }
      return [...state.values()];
    },
  };
}

/** Each watch follows the next cut; when they are used up, everything is delivered and the watch stays open. */
function modelApi(
  model: Model,
  cuts: readonly { readonly from: number; readonly length: number; readonly fails: string | undefined }[],
  clock: ManualClock,
): Pick<FakeApi, "listEach" | "watch"> {
  let at = 0;
  let next = 0;
  return {
    listEach: async (_resource, options) => {
      await Promise.resolve();
      for (const one of model.stateAt(at)) options.onItem(one as never);
      return { resourceVersion: String(at === 0 ? 1 : at), count: 0, isPaged: false };
    },
    watch: (_resource, options) => {
      const cut = cuts[next++];
      // A replay: events a little older than asked for come first.
      const asked = Math.min(Number(options?.resourceVersion), at);
      const from = Math.max(0, asked - (cut?.from ?? 0));
      const to =
        cut === undefined ? model.events.length : Math.min(model.events.length, Math.max(asked, from + cut.length));
      at = Math.max(at, to);
      const script = new FakeApi(clock, {
        lists: [],
        watches: [
          {
            events: model.events.slice(from, to),
            ...(cut === undefined ? {} : cut.fails === undefined ? { ends: true } : { fails: fault(cut.fails) }),
          },
        ],
      });
      return script.watch(_resource, options);
    },
  };
}
