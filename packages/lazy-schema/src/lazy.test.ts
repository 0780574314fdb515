import { describe, expect, it } from "vitest";

import { lazy, type Lazy } from "./lazy.ts";

describe("lazy", () => {
  it("builds at the first call and never again [schema S-2]", () => {
    let builds = 0;
    const value = lazy(() => ({ build: ++builds }));
    expect(value.isBuilt).toBe(false);
    expect(builds).toBe(0);
    expect(value()).toBe(value());
    expect(value.isBuilt).toBe(true);
    expect(builds).toBe(1);
  });

  it("remembers undefined as a value", () => {
    let builds = 0;
    const value = lazy(() => void builds++);
    value();
    value();
    expect(builds).toBe(1);
  });

  it("rethrows a failure and tries again at the next call [start-up L7]", () => {
    let attempts = 0;
    const value = lazy(() => {
      if (++attempts < 3) throw new Error(`attempt ${attempts}`);
      return attempts;
    });
    expect(value).toThrow("attempt 1");
    expect(value.isBuilt).toBe(false);
    expect(value).toThrow("attempt 2");
    expect(value()).toBe(3);
  });

  it("gives every caller the same promise [start-up L8]", async () => {
    let builds = 0;
    const gate = Promise.withResolvers<void>();
    const value = lazy(async () => {
      builds++;
      await gate.promise;
      return builds;
    });
    const callers = [value(), value(), value()];
    gate.resolve();
    expect(await Promise.all(callers)).toEqual([1, 1, 1]);
    expect(await value()).toBe(1);
  });

  it("forgets a rejected promise, so that a caller who saw the failure can try again", async () => {
    let attempts = 0;
    const value = lazy(async () => {
      if (++attempts === 1) throw new Error("unreachable");
      return attempts;
    });
    await expect(value()).rejects.toThrow("unreachable");
    expect(value.isBuilt).toBe(false);
    expect(await value()).toBe(2);
  });

  it("names the circle when values need each other [schema S-2]", () => {
    const a: Lazy<number> = lazy(() => b() + 1, "a");
    const b: Lazy<number> = lazy(() => c() + 1, "b");
    const c: Lazy<number> = lazy(() => b() + 1, "c");
    const code = "KINGLET_ERR_LAZY_SCHEMA_CYCLE";
    expect(a).toThrow(expect.objectContaining({ code, message: "b needs itself: b -> c -> b" }));
    expect(c).toThrow(expect.objectContaining({ code, message: "c needs itself: c -> b -> c" }));
  });

  it("finds a circle through an asynchronous thunk before its first await", async () => {
    const value: Lazy<Promise<number>> = lazy(async () => (await value()) + 1, "value");
    await expect(value()).rejects.toMatchObject({ code: "KINGLET_ERR_LAZY_SCHEMA_CYCLE" });
  });

  it("can be built inside another after a circle was reported", () => {
    let isCircular = true;
    const a: Lazy<number> = lazy(() => (isCircular ? a() : 1), "a");
    const b = lazy(() => a() + 1, "b");
    expect(b).toThrow("a -> a");
    isCircular = false;
    expect(b()).toBe(2);
  });

  it("lets go of its thunk once built", async () => {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error("run with --expose-gc");
    const held = (): [Lazy<number>, WeakRef<object>] => {
      const big = { text: "x".repeat(1_000) };
      return [lazy(() => big.text.length), new WeakRef(big)];
    };
    const [value, ref] = held();
    expect(value()).toBe(1_000);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    gc();
    expect(ref.deref()).toBeUndefined();
    expect(value()).toBe(1_000);
  });
});
