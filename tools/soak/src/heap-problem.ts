import { heapTrend, type HeapSample } from "./heap-trend.ts";

/** Growth in 10 minutes. */
const MAX_TREND = 0.01;

/**
 * What is wrong with the heap of a run that is long enough to be judged; undefined: nothing. What cannot be judged has not passed.
 *
 * @param warmAtMs - when every object had been written a few times; undefined: that never came to be.
 */
export function heapProblem(samples: readonly HeapSample[], warmAtMs: number | undefined): string | undefined {
  if (warmAtMs === undefined) return "the heap cannot be judged: too few writes to warm it up";
  const trend = heapTrend(samples, warmAtMs);
  if (trend === undefined) return "the heap cannot be judged: too few samples after warm-up";
  return trend > MAX_TREND ? `the heap grows by ${(trend * 100).toFixed(2)} % in 10 minutes` : undefined;
}
