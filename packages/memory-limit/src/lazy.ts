import type { PerformanceObserver } from "node:perf_hooks";

/** Observing garbage collection: 125 KB of heap (Node 26.10), paid only where it is switched on. @internal */
export const loadPerformanceObserver = (): Promise<{ readonly PerformanceObserver: typeof PerformanceObserver }> =>
  import("node:perf_hooks");

/** Heap snapshots: 270 KB of heap (Node 26.10), paid at the first snapshot. @internal */
export const loadV8 = (): Promise<{ writeHeapSnapshot(path: string): string }> => import("node:v8");
