import { describe, expect, it } from "vitest";
import { heapProblem } from "./heap-problem.ts";
import type { HeapSample } from "./heap-trend.ts";

function samples(bytesAt: (minute: number) => number): HeapSample[] {
  return Array.from({ length: 31 }, (_value, minute) => ({ atMs: minute * 60_000, bytes: bytesAt(minute) }));
}

describe("heapProblem", () => {
  const flat = samples(() => 1e8);

  it("is none when the heap is flat or shrinks", () => {
    expect(heapProblem(flat, 0)).toBeUndefined();
    expect(
      heapProblem(
        samples((minute) => 1e8 - minute * 1e6),
        0,
      ),
    ).toBeUndefined();
  });

  it("names growth of more than 1 % in 10 minutes", () => {
    expect(
      heapProblem(
        samples((minute) => 1e8 + minute * 2e5),
        0,
      ),
    ).toMatch(/grows by 1\.9\d %/);
  });

  it("is there when nothing can be said", () => {
    expect(heapProblem(flat, undefined)).toMatch(/too few writes/);
    expect(heapProblem(flat, 29.5 * 60_000)).toMatch(/too few samples/);
    expect(heapProblem([], 0)).toMatch(/too few samples/);
  });
});
