/**
 * Decoding pods: time as a ratio to `JSON.parse` in the same process, and what a decoded pod keeps: `vitest bench --project bench packages/kube-client`.
 *
 * 5,000 realistic pods (test/realistic-pod.ts), rounds interleaved, medians; heap is measured with everything decoded and held. The candidates run in here rather
 * than in the runner's own loop, so that time and memory are of the same objects.
 */
import { test } from "vitest";
import { makeCandidates, makePods } from "./decode-candidates.ts";

const PODS = 5000;
const ROUNDS = 9;

test("decode/5,000 pods", { timeout: 120_000 }, async () => {
  const pods = makePods(PODS);
  const mean = (buffers: readonly Buffer[]): number =>
    buffers.reduce((sum, { length }) => sum + length, 0) / PODS / 1000;
  const candidates = await makeCandidates(pods);
  const times = candidates.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, { decode }] of candidates.entries()) {
      const start = process.hrtime.bigint();
      for (let index = 0; index < PODS; index++) decode(index);
      times[at]!.push(Number(process.hrtime.bigint() - start) / PODS / 1000);
    }
  }
  const medians = times.map((list) => list.slice(2).sort((one, other) => one - other)[Math.floor((ROUNDS - 2) / 2)]!);
  const used = (): number => {
    globalThis.gc?.();
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  console.log(
    `${PODS} pods, ${mean(pods.json).toFixed(2)} KB JSON, ${mean(pods.protobuf).toFixed(2)} KB protobuf each; Node ${process.versions.node}`,
  );
  for (const [at, { name, decode }] of candidates.entries()) {
    const before = used();
    const held: unknown[] = Array.from({ length: PODS }, () => undefined);
    const empty = used() - before;
    for (let index = 0; index < PODS; index++) held[index] = decode(index);
    const bytes = (used() - before - empty) / PODS;
    const ratio = medians[at]! / medians[0]!;
    console.log(
      `${name.padEnd(28)} ${medians[at]!.toFixed(2).padStart(7)} µs  ${ratio.toFixed(2).padStart(5)} × JSON.parse  ${(bytes / 1000).toFixed(2).padStart(6)} KB kept`,
    );
    held.length = 0;
  }
});
