/** One look at the heap after a forced collection. */
export interface HeapSample {
  readonly atMs: number;
  readonly bytes: number;
}

/**
 * Growth per 10 minutes as a share of the mean, by the line through the samples after warm-up: the first third of the time, and longer
 * where it takes longer until every object has been written a few times. An object that came with a list shares more of its content with its
 * neighbours than one that came alone, so the heap approaches its final size as objects are rewritten.
 *
 * @param warmAtMs - when that was, by the samples' time; undefined: not before the first third was over.
 * @returns undefined with fewer than three samples.
 */
export function heapTrend(samples: readonly HeapSample[], warmAtMs?: number): number | undefined {
  const startMs = samples[0]?.atMs ?? 0;
  const endMs = samples.at(-1)?.atMs ?? 0;
  const fromMs = Math.max(startMs + (endMs - startMs) / 3, warmAtMs ?? startMs);
  const used = samples.filter(({ atMs }) => atMs >= fromMs);
  if (used.length < 3) return undefined;
  const meanMs = used.reduce((sum, { atMs }) => sum + atMs, 0) / used.length;
  const meanBytes = used.reduce((sum, { bytes }) => sum + bytes, 0) / used.length;
  let product = 0;
  let square = 0;
  for (const { atMs, bytes } of used) {
    product += (atMs - meanMs) * (bytes - meanBytes);
    square += (atMs - meanMs) ** 2;
  }
  return square === 0 ? undefined : ((product / square) * 600_000) / meanBytes;
}
