/** One thing to measure. */
export type Candidate = readonly [name: string, run: () => unknown];

const SAMPLES = 7;

/**
 * Nanoseconds of this thread for one run of each candidate, the median of seven samples; other programs on the machine do not count. The
 * candidates take turns, so that a machine that becomes slower does so for all of them.
 */
export function threadNanoseconds(candidates: readonly Candidate[], rounds: number): readonly number[] {
  const samples = candidates.map((): number[] => []);
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    for (const [index, [, run]] of candidates.entries()) {
      const start = process.threadCpuUsage();
      for (let round = 0; round < rounds; round += 1) run();
      const { user, system } = process.threadCpuUsage(start);
      samples[index]!.push(((user + system) * 1_000) / rounds);
    }
  }
  return samples.map((values) => values.toSorted((a, b) => a - b)[SAMPLES >> 1]!);
}
