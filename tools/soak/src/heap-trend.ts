/** One look at the heap after a forced collection. */
export interface HeapSample {
  readonly atMs: number;
  readonly bytes: number;
}

/**
 * Growth per 10 minutes as a share of the mean, by the line through the samples after the first third of the time, which is warm-up.
 *
 * @returns undefined with fewer than three samples.
 */
export function heapTrend(samples: readonly HeapSample[]): number | undefined {
  const startMs = samples[0]?.atMs ?? 0;
  const endMs = samples.at(-1)?.atMs ?? 0;
  const used = samples.filter(({ atMs }) => atMs - startMs >= (endMs - startMs) / 3);
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
