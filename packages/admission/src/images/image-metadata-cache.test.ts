import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { ImageMetadataCache, type ImageMetadataCacheOptions } from "./image-metadata-cache.ts";
import type { FetchedImage } from "./image-metadata-source.ts";

const image = (bytes: number): FetchedImage => ({ metadata: { scan: null }, bytes });
const never = new AbortController().signal;

/** A source whose answers the test gives. */
class Source {
  readonly name = "test";
  readonly asked: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #waiting: PromiseWithResolvers<FetchedImage | undefined>[] = [];

  fetch(reference: string, { signal }: { readonly signal: AbortSignal }): Promise<FetchedImage | undefined> {
    const answer = Promise.withResolvers<FetchedImage | undefined>();
    this.asked.push(reference);
    this.signals.push(signal);
    this.#waiting.push(answer);
    return answer.promise;
  }

  answer(found: FetchedImage | undefined): void {
    this.#waiting.shift()?.resolve(found);
  }

  fail(): void {
    this.#waiting.shift()?.reject(new Error("registry"));
  }
}

function open(options: Partial<ImageMetadataCacheOptions> = {}): {
  cache: ImageMetadataCache;
  source: Source;
  clock: ManualClock;
} {
  const clock = new ManualClock();
  const source = new Source();
  const cache = new ImageMetadataCache(source, { clock, metrics: noopMetrics, maxBytes: 10_000, ...options });
  return { cache, source, clock };
}

describe("ImageMetadataCache", () => {
  it("asks once for all who want the same image, each until its own signal fires", async () => {
    const { cache, source, clock } = open();
    const leader = new AbortController();
    const first = cache.get("a", { signal: leader.signal });
    const second = cache.get("a", { signal: never });
    await clock.advance(0);
    leader.abort(new Error("mine"));
    await expect(first).rejects.toThrow("mine");
    expect(source.signals[0]?.aborted).toBe(false);
    source.answer(image(10));
    expect(await second).toEqual({ scan: null });
    expect(source.asked).toEqual(["a"]);
  });

  it("finishes and keeps a fetch that nobody waits for any more", async () => {
    const { cache, source, clock } = open();
    const caller = new AbortController();
    const asked = cache.get("a", { signal: caller.signal });
    await clock.advance(0);
    caller.abort(new Error("left"));
    await expect(asked).rejects.toThrow("left");
    source.answer(image(10));
    await clock.advance(0);
    expect(cache.peek("a")).toEqual({ scan: null });
  });

  it("ends a fetch at its own deadline, tells all, and asks again later", async () => {
    const { cache, source, clock } = open({ fetchTimeoutMs: 1000 });
    const asked = cache.get("a", { signal: never });
    const told = expect(asked).rejects.toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_TIMEOUT" });
    await clock.advance(1000);
    await told;
    void cache.get("a", { signal: never }).catch(() => {});
    await clock.advance(0);
    expect(source.asked).toEqual(["a", "a"]);
  });

  it("does not keep failures", async () => {
    const { cache, source, clock } = open();
    const asked = cache.get("a", { signal: never });
    await clock.advance(0);
    source.fail();
    await expect(asked).rejects.toThrow("registry");
    expect(cache.has("a")).toBe(false);
  });

  it("never takes more than its bytes: the least recently used goes, and what is too large is not kept", async () => {
    const { cache, source, clock } = open({ maxBytes: 1000, maxItemBytes: 900 });
    const load = async (reference: string, bytes: number): Promise<void> => {
      const asked = cache.get(reference, { signal: never });
      await clock.advance(0);
      source.answer(image(bytes));
      await asked;
    };
    await load("a", 200);
    await load("b", 200);
    cache.peek("a");
    await load("c", 200);
    expect([cache.has("a"), cache.has("b"), cache.has("c")]).toEqual([true, false, true]);
    expect(cache.bytes).toBeLessThanOrEqual(1000);
    await load("d", 5000);
    expect(cache.has("d")).toBe(false);
  });

  it("forgets after its time, an unknown image sooner", async () => {
    const { cache, source, clock } = open();
    const known = cache.get("a", { signal: never });
    const unknown = cache.get("b", { signal: never });
    await clock.advance(0);
    source.answer(image(10));
    source.answer(undefined);
    expect([await known, await unknown]).toEqual([{ scan: null }, undefined]);
    expect(cache.has("b")).toBe(true);
    await clock.advance(30_000);
    expect([cache.has("a"), cache.has("b")]).toEqual([true, false]);
    await clock.advance(14_400_000);
    expect([cache.has("a"), cache.bytes]).toEqual([false, 0]);
  });

  it("gives what was fetched before an invalidation to those who wait, and does not keep it", async () => {
    const { cache, source, clock } = open();
    for (const invalidate of [() => cache.invalidate("a"), () => cache.invalidateAll()]) {
      const before = cache.get("a", { signal: never });
      await clock.advance(0);
      invalidate();
      const after = cache.get("a", { signal: never });
      await clock.advance(0);
      source.answer(image(10));
      expect(await before).toEqual({ scan: null });
      expect(cache.has("a")).toBe(false);
      source.answer(image(20));
      await after;
      expect(cache.has("a")).toBe(true);
      cache.invalidateAll();
    }
    expect(source.asked).toHaveLength(4);
  });

  it("refuses more fetches at a time than it may make", async () => {
    const { cache, clock } = open({ maxFetches: 2 });
    void cache.get("a", { signal: never }).catch(() => {});
    void cache.get("b", { signal: never }).catch(() => {});
    await clock.advance(0);
    await expect(cache.get("c", { signal: never })).rejects.toThrow("under way");
  });
});
