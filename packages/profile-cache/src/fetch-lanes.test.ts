import { describe, expect, it } from "vitest";

import { FetchLanes } from "./fetch-lanes.ts";
import { FetchQueue } from "./fetch-queue.ts";

function lanesOf(maxParallel: number): {
  readonly queue: FetchQueue<string>;
  readonly lanes: FetchLanes<string>;
  readonly begun: string[];
  readonly end: (entry: string) => Promise<void>;
} {
  const queue = new FetchQueue<string>();
  const begun: string[] = [];
  const answers = new Map<string, () => void>();
  const fetch = (entry: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    begun.push(entry);
    answers.set(entry, resolve);
    return promise;
  };
  const lanes: FetchLanes<string> = new FetchLanes({ queue, maxParallel, fetch, onEnd: () => lanes.fill() });
  const end = async (entry: string): Promise<void> => {
    answers.get(entry)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, lanes, begun, end };
}

describe("FetchLanes", () => {
  it("keeps one lane free of refreshes", async () => {
    const { queue, lanes, begun, end } = lanesOf(3);
    for (const entry of ["a", "b", "c"]) queue.add(entry, "refresh");
    lanes.fill();
    expect(begun).toEqual(["a", "b"]);
    queue.add("new", "first");
    lanes.fill();
    expect(begun).toEqual(["a", "b", "new"]);
    await end("a");
    expect(begun).toEqual(["a", "b", "new", "c"]);
  });

  it("refreshes with a single lane, too", () => {
    const { queue, lanes, begun } = lanesOf(1);
    queue.add("a", "refresh");
    lanes.fill();
    expect(begun).toEqual(["a"]);
  });

  it("tells when what is under way is over", async () => {
    const { queue, lanes, end } = lanesOf(2);
    queue.add("a", "first");
    lanes.fill();
    let isOver = false;
    const landed = lanes.landed().then(() => {
      isOver = true;
    });
    await end("nothing");
    expect(isOver).toBe(false);
    await end("a");
    await landed;
    expect(isOver).toBe(true);
  });
});
