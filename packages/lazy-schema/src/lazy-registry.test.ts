import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { object, string } from "./fields.ts";
import { LazyRegistry } from "./lazy-registry.ts";

const origin = "@kinglet/tests";
const never = (): never => expect.unreachable();

describe("LazyRegistry", () => {
  it("builds nothing when definitions are registered, found by category or listed [schema S-1] [schema S-6]", () => {
    const registry = new LazyRegistry<object>();
    registry.register("pods", never, { origin });
    registry.registerCategory("workload", "pods", { origin });
    registry.registerCategory("workload", "pods", { origin });
    expect(registry.nameOf("workload")).toBe("pods");
    expect(registry.nameOf("other")).toBeUndefined();
    expect(registry.has("pods")).toBe(true);
    expect(registry.isBuilt("pods")).toBe(false);
    expect(registry.entries()).toEqual([
      { name: "pods", origin, isBuilt: false, buildMs: undefined, heapDeltaBytes: undefined },
    ]);
    const code = "KINGLET_ERR_LAZY_SCHEMA_CONFLICT";
    expect(() => registry.registerCategory("workload", "nodes", { origin: "other" })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("ignores the same thunk or equal data, and names both origins of a conflict [schema S-1]", () => {
    const registry = new LazyRegistry<object>();
    const thunk = (): object => ({});
    registry.register("pods", thunk, { origin: "one" });
    registry.register("pods", thunk, { origin: "two" });
    registry.register("data", object({ name: string({ pattern: /a/ }) }), { origin: "one" });
    registry.register("data", object({ name: string({ pattern: /a/ }) }), { origin: "two" });
    const code = "KINGLET_ERR_LAZY_SCHEMA_CONFLICT";
    const message = "definition pods is registered by one and, differently, by three";
    expect(() => registry.register("pods", () => ({}), { origin: "three" })).toThrow(
      expect.objectContaining({ code, message }),
    );
    expect(() => registry.register("data", object({ name: string() }), { origin: "three" })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("builds once, and does not remember a failure as success [schema S-2]", () => {
    const registry = new LazyRegistry<object>();
    let attempts = 0;
    const flaky = (): object => {
      if (++attempts === 1) throw new Error("first");
      return { attempts };
    };
    registry.register("flaky", flaky, { origin });
    expect(() => registry.get("flaky")).toThrow("first");
    expect(registry.isBuilt("flaky")).toBe(false);
    expect(registry.get("flaky")).toEqual({ attempts: 2 });
    expect(registry.find("flaky")).toBe(registry.get("flaky"));
    expect(attempts).toBe(2);
  });

  it("answers unknown names with undefined or a code", () => {
    const registry = new LazyRegistry<object>();
    expect(registry.find("none")).toBeUndefined();
    expect(registry.isBuilt("none")).toBe(false);
    expect(() => registry.get("none")).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_LAZY_SCHEMA_UNKNOWN_NAME" }),
    );
  });

  it("names the circle of definitions that need each other [schema S-2]", () => {
    const registry = new LazyRegistry<object>();
    registry.register("a", () => ({ b: registry.get("b") }), { origin });
    registry.register("b", () => ({ a: registry.get("a") }), { origin });
    expect(() => registry.get("a")).toThrow("a -> b -> a");
  });

  it("applies definitions that nobody has used yet [start-up L6]", () => {
    const registry = new LazyRegistry<string>();
    for (const name of ["c", "a", "b"]) registry.register(name, () => `built ${name}`, { origin });
    registry.get("b");
    expect(registry.allInOrder().map(({ value }) => value)).toEqual(["built a", "built b", "built c"]);
  });

  it("puts dependencies first, ties by name, test definitions aside [schema S-3]", () => {
    const registry = new LazyRegistry<string>();
    const add = (name: string, dependsOn: string[] = [], refersTo: string[] = []): void =>
      registry.register(name, () => name, { origin, dependsOn, refersTo });
    add("alpha", ["zulu"]);
    add("beta");
    add("test_tree", ["beta"]);
    add("zulu");
    add("one", [], ["two"]);
    add("two", [], ["one"]);
    const names = (options = {}): string[] => registry.allInOrder(options).map(({ name }) => name);
    expect(names()).toEqual(["beta", "zulu", "alpha", "one", "two"]);
    expect(names({ includeTests: true })).toEqual(["beta", "test_tree", "zulu", "alpha", "one", "two"]);
    expect(names({ only: ["alpha"] })).toEqual(["zulu", "alpha"]);
    expect(names({ only: ["test_tree"] })).toEqual(["beta", "test_tree"]);
  });

  it("refuses circles of dependencies and unknown ones, naming them [schema S-3]", () => {
    const registry = new LazyRegistry<string>();
    registry.register("a", () => "a", { origin, dependsOn: ["b"] });
    registry.register("b", () => "b", { origin, dependsOn: ["c"] });
    expect(() => registry.allInOrder()).toThrow("nothing is registered under c, which b depends on");
    registry.register("c", () => "c", { origin, dependsOn: ["b"] });
    expect(() => registry.allInOrder()).toThrow("b -> c -> b");
    const self = new LazyRegistry<string>();
    self.register("a", () => "a", { origin, dependsOn: ["a"] });
    expect(() => self.allInOrder()).toThrow("a -> a");
  });

  it("orders any graph without circles of dependencies, whatever refers to what [schema S-3]", () => {
    const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 40 });
    fc.assert(
      fc.property(edges, edges, fc.integer({ min: 1, max: 12 }), (hard, soft, count) => {
        const registry = new LazyRegistry<number>();
        const name = (index: number): string => `n${index.toString(36)}`;
        // A random permutation of the names, so that the order of numbers is not the order of names.
        const shuffled = (index: number): number => (index * 7 + 3) % 12;
        for (let index = 0; index < count; index++) {
          const own = (list: [number, number][]): number[] =>
            list.filter(([from]) => from === index).map(([, to]) => to);
          registry.register(name(shuffled(index)), () => index, {
            origin,
            dependsOn: own(hard)
              .filter((to) => to < index)
              .map((to) => name(shuffled(to))),
            refersTo: own(soft)
              .filter((to) => to < count)
              .map((to) => name(shuffled(to))),
          });
        }
        const order = registry.allInOrder().map(({ value }) => value);
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
        for (const [from, to] of hard) {
          if (from < count && to < from) expect(order.indexOf(to)).toBeLessThan(order.indexOf(from));
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("shows what has been built, how long it took and what it cost [schema S-4]", () => {
    let heap = 1_000;
    const registry = new LazyRegistry<object>({ measureHeap: () => heap });
    const build = (): object => {
      heap += 500;
      return {};
    };
    registry.register("pods", build, { origin });
    registry.register("nodes", never, { origin });
    registry.get("pods");
    expect(registry.isBuilt("pods")).toBe(true);
    const [nodes, pods] = registry.entries();
    expect(nodes).toMatchObject({ name: "nodes", isBuilt: false, buildMs: undefined });
    expect(pods).toMatchObject({ name: "pods", isBuilt: true, heapDeltaBytes: 500 });
    expect(pods?.buildMs).toBeGreaterThanOrEqual(0);
  });

  it("freezes what was built, and asks predicates when everything is applied [schema S-5]", () => {
    const registry = new LazyRegistry<{ tables: string[] }>();
    let isOn = false;
    let asked = 0;
    const isEnabled = (): boolean => {
      asked++;
      return isOn;
    };
    registry.register("pods", () => ({ tables: ["a"] }), { origin, isEnabled });
    expect(asked).toBe(0);
    expect(registry.allInOrder()).toEqual([]);
    expect(registry.isBuilt("pods")).toBe(false);
    isOn = true;
    expect(registry.allInOrder()).toHaveLength(1);
    expect(() => registry.get("pods").tables.push("b")).toThrow(TypeError);
  });

  it("builds everything on request and reports every failure [start-up L7]", () => {
    const registry = new LazyRegistry<object>();
    registry.register("good", () => ({}), { origin, isEnabled: () => false });
    registry.register("bad", () => JSON.parse("{") as object, { origin });
    registry.register("worse", () => registry.get("absent"), { origin });
    expect(() => registry.ensureAll()).toThrow(
      expect.objectContaining({
        code: "KINGLET_ERR_LAZY_SCHEMA_BUILD_FAILED",
        details: expect.objectContaining({
          problems: [expect.stringMatching(/^bad: /), "worse: nothing is registered under absent"],
        }) as object,
      }),
    );
    expect(registry.isBuilt("good")).toBe(true);
    const sound = new LazyRegistry<object>();
    sound.register("good", () => ({}), { origin });
    sound.ensureAll();
    expect(sound.isBuilt("good")).toBe(true);
  });

  it("shares one build among asynchronous callers, and forgets its failure [start-up L8]", async () => {
    const registry = new LazyRegistry<Promise<number>>();
    let builds = 0;
    const build = async (): Promise<number> => {
      if (++builds === 1) throw new Error("first");
      return builds;
    };
    registry.register("engine", build, { origin });
    const both = await Promise.allSettled([registry.get("engine"), registry.get("engine")]);
    expect(both.map((one) => one.status)).toEqual(["rejected", "rejected"]);
    expect(await Promise.all([registry.get("engine"), registry.get("engine")])).toEqual([2, 2]);
  });

  it("isolates tests: a fork has the registrations and nothing built [schema S-4]", () => {
    const registry = new LazyRegistry<object>();
    registry.register("pods", () => ({}), { origin });
    registry.registerCategory("workload", "pods", { origin });
    registry.get("pods");
    const fork = registry.fork();
    fork.register("nodes", () => ({}), { origin });
    expect(fork.isBuilt("pods")).toBe(false);
    expect(fork.nameOf("workload")).toBe("pods");
    expect(fork.get("pods")).not.toBe(registry.get("pods"));
    expect(registry.has("nodes")).toBe(false);
  });
});
