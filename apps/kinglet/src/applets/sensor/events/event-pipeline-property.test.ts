import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  anyProfile,
  execIn,
  loadProfileParts,
  PipelineBench,
  upTo,
  type PipelineBenchOptions,
} from "../../../../test/unit/pipeline-bench.ts";

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((one, other) => one - other);

const container = fc.integer({ min: 1, max: 9 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("exec"), container) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("worse", "good"), container) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("add"), container) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("remove"), container) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("advance"), fc.constantFrom(0, 1, 700, 2600, 5000, 31_000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("store", "sink", "link"), fc.integer({ min: 0, max: 2 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("prepare"), fc.constant(0)) },
);
const sizes = fc.record({
  maxWaiting: fc.integer({ min: 1, max: 6 }),
  maxWaitingBytes: fc.constantFrom(1, 2500, 1_000_000),
  capacity: fc.integer({ min: 1, max: 5 }),
  isPrepared: fc.boolean(),
});

/** A store that answers, says "none", or fails, as it is told. */
function world(options: PipelineBenchOptions): {
  readonly bench: PipelineBench;
  readonly run: (name: string, value: number) => Promise<void>;
} {
  let store = 0;
  const bench = new PipelineBench({
    ...options,
    answer: async () => {
      if (store === 2) throw new Error("connection refused");
      return store === 1 ? undefined : anyProfile;
    },
  });
  let sequence = 0;
  const run = async (name: string, value: number): Promise<void> => {
    if (name === "exec") bench.read(execIn(value, ++sequence));
    else if (name === "good" || name === "worse") bench.read(execIn(value, ++sequence, `/${name}`));
    else if (name === "add") bench.addPod(value);
    else if (name === "remove") bench.removePod(value);
    else if (name === "advance") await bench.clock.advance(value);
    else if (name === "store") store = value;
    else if (name === "link") bench.isConnected = value > 0;
    else if (name === "sink") bench.sink.become((["works", "hangs", "fails"] as const)[value] ?? "works");
    else bench.prepare();
  };
  return { bench, run };
}

/** No acknowledgement comes twice, comes for what was not read, or before what its event raised has left. */
function checkAcknowledgements(bench: PipelineBench, raised: ReadonlySet<string>): void {
  const { acknowledged, confirmed } = bench.source;
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  const delivered = new Set(bench.delivered);
  for (const sequence of acknowledged) {
    expect(delivered.has(sequence)).toBe(true);
    for (const id of [`e${sequence}`, `e${sequence}+`]) {
      if (raised.has(id)) expect(confirmed.has(id) && bench.sink.published.includes(id)).toBe(true);
    }
  }
  expect(new Set(bench.sink.published).size).toBe(bench.sink.published.length);
}

function recordRaised(bench: PipelineBench): Set<string> {
  const raised = new Set<string>();
  const { detector } = bench;
  const { find } = detector;
  detector.find = (event, identity) => {
    const found = find(event, identity);
    for (const { uniqueId } of found) raised.add(uniqueId);
    return found;
  };
  return raised;
}

beforeAll(loadProfileParts);

describe("EventPipeline", () => {
  it("acknowledges every delivered event exactly once and never before its alerts have left, whatever happens when", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), sizes, async (steps, options) => {
        const { bench, run } = world(options);
        await using _bench = bench;
        const raised = recordRaised(bench);
        for (const [name, value] of steps) {
          await run(name, value);
          checkAcknowledgements(bench, raised);
        }
        bench.sink.become("works");
        bench.isConnected = true;
        bench.prepare();
        // Each event may wait for a container and then for a profile, and few of them at a time.
        await bench.clock.advance(60 * 36_000);
        checkAcknowledgements(bench, raised);
        const events = steps.filter(([name]) => ["exec", "good", "worse"].includes(name)).length;
        expect(sorted(bench.source.acknowledged)).toEqual(upTo(events));
        expect(bench.sink.published.length).toBe(raised.size);
        expect(bench.pipeline.waiting).toBe(0);
        expect([...bench.outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(events);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("acknowledges nothing on the way down that a restart would have to raise", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(step, { maxLength: 10 }),
        sizes,
        async (before, meanwhile, options) => {
          const { bench, run } = world(options);
          await using _bench = bench;
          const raised = recordRaised(bench);
          for (const [name, value] of before) await run(name, value);
          const stopped = bench.shutDown();
          for (const [name, value] of meanwhile) await run(name, value);
          await stopped;
          checkAcknowledgements(bench, raised);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it("loses no alert of a container that becomes known once the informer has caught up, however the reader is held up", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 4999 }),
        sizes,
        async (executions, delayMs, options) => {
          await using bench = new PipelineBench({ ...options, maxWaiting: 8 });
          bench.isConnected = false;
          // The first execution of each container comes first, then the flood that might push it out.
          bench.read(...executions.map(([id, isBad], index) => execIn(id, index + 1, isBad ? "/bad" : "/good")));
          await bench.clock.advance(delayMs);
          for (const id of [1, 2, 3, 4]) bench.addPod(id);
          bench.isConnected = true;
          bench.prepare();
          await bench.clock.advance(60_000);
          const expected = executions.flatMap(([, isBad], index) => (isBad ? [`e${index + 1}`] : []));
          expect([...bench.sink.published].sort()).toEqual([...expected].sort());
          expect(bench.source.acknowledged.length).toBe(executions.length);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});
