import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { object } from "../test/fake-api.ts";
import { HandlerQueue } from "./handler-queue.ts";
import { objectKey, type InformerHandler, type KubeObject } from "./index.ts";

/** A store with one handler behind a queue; changes go to both, as in an informer. */
class Fixture {
  readonly store = new Map<string, KubeObject>();
  readonly errors: unknown[] = [];
  timesBehind = 0;
  readonly queue: HandlerQueue<KubeObject>;

  constructor(handler: InformerHandler<KubeObject>) {
    this.queue = new HandlerQueue(handler, {
      current: (key) => this.store.get(key),
      keyOf: objectKey,
      onError: (error) => this.errors.push(error),
      onBehind: () => void this.timesBehind++,
    });
  }

  set(name: string, version: number, uid?: string): void {
    const now = object(name, String(version), uid);
    const old = this.store.get(objectKey(now));
    this.store.set(objectKey(now), now);
    this.queue.push(old, now);
  }

  remove(name: string): void {
    const old = this.store.get(`shop/${name}`);
    if (old === undefined) return;
    this.store.delete(`shop/${name}`);
    this.queue.push(old, undefined, old);
  }
}

/** A handler that is busy until released, and writes down what it is told. */
class SlowHandler implements InformerHandler<KubeObject> {
  readonly log: string[] = [];
  /** What it believes there is. */
  readonly seen = new Map<string, KubeObject>();
  isOpen = false;
  #release: () => void = () => {};

  onAdd(added: KubeObject, { isInInitialList }: { readonly isInInitialList: boolean }): Promise<void> {
    expect(this.seen.has(added.metadata.name)).toBe(false);
    this.seen.set(added.metadata.name, added);
    return this.#note(`${isInInitialList ? "i" : ""}+${text(added)}`);
  }

  onUpdate(now: KubeObject, old: KubeObject): Promise<void> {
    expect(this.seen.get(old.metadata.name)).toBe(old);
    expect(Number(now.metadata.resourceVersion)).toBeGreaterThan(Number(old.metadata.resourceVersion));
    this.seen.set(now.metadata.name, now);
    return this.#note(`${text(old)}>${text(now)}`);
  }

  onDelete(gone: KubeObject, { tombstone }: { readonly tombstone: boolean }): Promise<void> {
    expect(this.seen.get(gone.metadata.name)?.metadata.uid).toBe(gone.metadata.uid);
    this.seen.delete(gone.metadata.name);
    return this.#note(`${tombstone ? "x" : "-"}${text(gone)}`);
  }

  onSynced(): Promise<void> {
    return this.#note("synced");
  }

  async open(): Promise<void> {
    this.isOpen = true;
    this.#release();
    await settle();
  }

  #note(line: string): Promise<void> {
    this.log.push(line);
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve) => (this.#release = resolve));
  }
}

function text({ metadata }: KubeObject): string {
  return `${metadata.name}@${metadata.resourceVersion}`;
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("HandlerQueue", () => {
  it("keeps every state for a handler that is up to 1,000 deliveries late [client W11]", async () => {
    const handler = new SlowHandler();
    const fixture = new Fixture(handler);
    for (let version = 1; version <= 1001; version++) fixture.set("a", version);
    expect([fixture.queue.length, fixture.queue.isBehind, handler.log]).toEqual([1000, false, ["i+a@1"]]);
    await handler.open();
    expect(handler.log).toHaveLength(1001);
    expect(fixture.timesBehind).toBe(0);
  });

  it("gives a handler that is later than that the difference between what it saw and what there is [client W11]", async () => {
    const handler = new SlowHandler();
    const fixture = new Fixture(handler);
    fixture.queue.pushSynced();
    await handler.open();
    for (const name of ["a", "b", "c", "d"]) fixture.set(name, 1);
    await handler.open();
    handler.isOpen = false;
    fixture.set("a", 2);
    fixture.remove("b");
    fixture.set("c", 3, "made-again");
    fixture.set("e", 3);
    fixture.remove("e");
    fixture.set("f", 4);
    for (let version = 5; version < 5000; version++) fixture.set("d", version);
    for (let index = 0; index < 5000; index++) {
      fixture.set(`passing-${index}`, 5000 + index);
      fixture.remove(`passing-${index}`);
    }
    expect([fixture.queue.isBehind, fixture.timesBehind]).toEqual([true, 1]);
    // Bounded by what was seen and what is there, however much comes and goes.
    expect(fixture.queue.length).toBeLessThan(10);
    handler.log.length = 0;
    await handler.open();
    expect(handler.log.sort()).toEqual(["+c@3", "+f@4", "d@1>d@4999", "xb@1", "xc@1"]);
    expect([fixture.queue.length, fixture.queue.isBehind]).toEqual([0, false]);
    fixture.set("d", 6000);
    expect(handler.log.at(-1)).toBe("d@4999>d@6000");
  });

  it("re-delivers every object, also to a handler that is behind [client C6] [client W11]", async () => {
    const handler = new SlowHandler();
    const redelivered: string[] = [];
    const fixture = new Fixture({
      onAdd: (added, options) => handler.onAdd(added, options),
      onDelete: (gone, options) => handler.onDelete(gone, options),
      onUpdate: (now, old) => (now === old ? void redelivered.push(text(now)) : handler.onUpdate(now, old)),
    });
    for (let index = 0; index < 2500; index++) fixture.set(`p${index}`, 1 + index);
    await handler.open();
    handler.isOpen = false;
    handler.log.length = 0;
    fixture.set("busy", 3000);
    // Twice: a handler slower than the period gets each object once.
    for (const _round of [1, 2]) for (const one of fixture.store.values()) fixture.queue.push(one, one);
    fixture.set("p3", 4000);
    fixture.remove("p4");
    expect([fixture.queue.isBehind, fixture.queue.length]).toEqual([true, 2501]);
    await handler.open();
    const rest = Array.from({ length: 2500 }, (_value, index) => `p${index}@${1 + index}`);
    expect(redelivered.sort()).toEqual(
      [...rest.filter((_one, index) => index !== 3 && index !== 4), "busy@3000"].sort(),
    );
    expect(handler.log).toEqual(["i+busy@3000", "p3@4>p3@4000", "xp4@5"]);
    expect([fixture.queue.length, fixture.queue.isBehind]).toEqual([0, false]);
  });

  it("does not call a handler slow while deliveries are paused [client W11]", async () => {
    const handler = new SlowHandler();
    const fixture = new Fixture(handler);
    fixture.queue.pause();
    for (let index = 0; index < 2500; index++) fixture.set(`p${index}`, 1 + index);
    expect([fixture.timesBehind, fixture.queue.isBehind]).toEqual([0, true]);
    fixture.queue.resume();
    await handler.open();
    expect(handler.log).toHaveLength(2500);
    expect([fixture.timesBehind, fixture.queue.isBehind, fixture.queue.length]).toEqual([0, false, 0]);
  });

  it("says synced after the objects of the first list, also when it was behind then [client C5]", async () => {
    const handler = new SlowHandler();
    const fixture = new Fixture(handler);
    for (let index = 0; index < 3000; index++) fixture.set(`p${index}`, 1 + index);
    fixture.queue.pushSynced();
    fixture.set("late", 5000);
    expect(fixture.queue.isSynced).toBe(false);
    await handler.open();
    expect(fixture.queue.isSynced).toBe(true);
    expect(handler.log.indexOf("synced")).toBe(3000);
    expect(handler.log.slice(0, 3000).every((line) => line.startsWith("i+"))).toBe(true);
    expect(handler.log[3001]).toBe("+late@5000");
  });

  it("never calls again after its end, and goes on after exceptions [client W14] [client C9]", async () => {
    const handler = new SlowHandler();
    const fixture = new Fixture(handler);
    fixture.set("a", 1);
    fixture.set("a", 2);
    fixture.queue.end();
    await handler.open();
    fixture.set("a", 3);
    expect(handler.log).toEqual(["i+a@1"]);
    const failing = new Fixture({
      onAdd: () => Promise.reject(new Error("async")),
      onUpdate: () => {
        throw new Error("sync");
      },
    });
    failing.set("a", 1);
    failing.set("a", 2);
    failing.set("a", 3);
    await settle();
    expect(failing.errors).toHaveLength(3);
  });

  it("brings any handler to the state of the store, in order, however late it is [client W11]", async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          name: fc.constantFrom("a", "b", "c", "d"),
          kind: fc.constantFrom("set", "set", "remove", "again"),
        }),
      },
      { weight: 1, arbitrary: fc.constantFrom("burst", "open", "close", "synced") },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const handler = new SlowHandler();
      const fixture = new Fixture(handler);
      let version = 0;
      let isSynced = false;
      for (const one of steps) {
        version++;
        if (one === "burst") for (let index = 0; index < 1100; index++) fixture.set("burst", version++);
        else if (one === "open") await handler.open();
        else if (one === "close") handler.isOpen = false;
        else if (one === "synced") {
          if (!isSynced) fixture.queue.pushSynced();
          isSynced = true;
        } else if (one.kind === "remove") fixture.remove(one.name);
        else fixture.set(one.name, version, one.kind === "again" ? `uid-${version}` : undefined);
      }
      await handler.open();
      await handler.open();
      expect(new Set(handler.seen.values())).toEqual(new Set(fixture.store.values()));
      expect([fixture.queue.length, fixture.errors, handler.log.filter((line) => line === "synced").length]).toEqual([
        0,
        [],
        isSynced ? 1 : 0,
      ]);
    });
    await fc.assert(property, { seed: 1, numRuns: 200 });
  });

  it("waits for promises of any library, and takes their rejections [client W11] [client C9]", async () => {
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    const queue = new HandlerQueue<KubeObject>(
      {
        onAdd: ({ metadata }) => {
          log.push(metadata.name);
          const wait = metadata.name === "a" ? gate.promise : Promise.reject(new Error("no"));
          // oxlint-disable-next-line no-thenable -- what is tested
          return { then: wait.then.bind(wait) } as unknown as Promise<void>;
        },
      },
      {
        current: () => undefined,
        keyOf: ({ metadata }) => metadata.name,
        onError: (error) => errors.push(error),
        onBehind: () => {},
      },
    );
    queue.push(undefined, object("a", "1"));
    queue.push(undefined, object("b", "2"));
    expect(log).toEqual(["a"]);
    gate.resolve();
    await expect.poll(() => errors.length).toBe(1);
    expect(log).toEqual(["a", "b"]);
  });
});
