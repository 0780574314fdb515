import { ExecEvent, NetworkEvent, OtherEvent } from "@kinglet/enrichment";
import type { ContainerProfile } from "@kinglet/profile";
import { beforeAll, describe, expect, it } from "vitest";
import {
  anyProfile,
  execIn,
  idOf,
  loadProfileParts,
  PipelineBench,
  upTo,
} from "../../../../test/unit/pipeline-bench.ts";

beforeAll(loadProfileParts);

describe("EventPipeline", () => {
  it("acknowledges at once what is not a container's execution", async () => {
    await using bench = new PipelineBench();
    void bench.pipeline.deliver(new OtherEvent({ kind: "kprobe", sequence: 1 }));
    bench.read(
      new ExecEvent({ sequence: 2, binary: "/bad" }),
      new ExecEvent({ sequence: 3, containerIdPrefix: idOf(1), isReplay: true }),
      new ExecEvent({ sequence: 4, containerIdPrefix: idOf(1), isRuntimeStage: true }),
    );
    expect(bench.source.acknowledged).toEqual([1, 2, 3, 4]);
    expect(Object.fromEntries(bench.outcomes)).toEqual({ host: 1, replay: 1, runtime: 1 });
  });

  it("acknowledges an execution with an alert only after the alert has left", async () => {
    await using bench = new PipelineBench();
    bench.addPod(1);
    await bench.clock.advance(0);
    bench.sink.become("hangs");
    bench.read(execIn(1, 1), execIn(1, 2, "/good"));
    await bench.clock.advance(60_000);
    expect(bench.source.acknowledged).toEqual([2]);
    bench.sink.become("works");
    await bench.clock.advance(0);
    expect([bench.source.acknowledged, bench.sink.published]).toEqual([[2, 1], ["e1"]]);
  });

  it("judges a conversation again once it is known whose the address is, and acknowledges it then [peers G-8]", async () => {
    await using bench = new PipelineBench();
    const waiting: (() => void)[] = [];
    const remembered: number[] = [];
    bench.prepare({
      peers: {
        holds: (_event, _container, again) => waiting.push(again) > 0,
      },
      remember: ({ sequence }) => remembered.push(sequence),
    });
    bench.addPod(1);
    await bench.clock.advance(0);
    const connects = (sequence: number): NetworkEvent =>
      new NetworkEvent({ sequence, containerIdPrefix: idOf(1), address: "10.0.0.5", binary: "/good", rawBytes: 1000 });
    void bench.pipeline.deliver(connects(1));
    void bench.pipeline.deliver(connects(2));
    bench.read(execIn(1, 3, "/good"));
    expect([bench.source.acknowledged, remembered, waiting.length]).toEqual([[3], [3], 2]);
    waiting[0]?.();
    expect([bench.source.acknowledged, remembered, waiting.length]).toEqual([[3, 1], [3, 1], 2]);
    bench.pipeline[Symbol.dispose]();
    waiting[1]?.();
    expect(bench.source.acknowledged).toEqual([3, 1]);
  });

  it("acknowledges what was held back only once its number outlives the process, whatever else it waits for", async () => {
    await using bench = new PipelineBench();
    const kept: (() => void)[] = [];
    bench.prepare({
      admit: () => false,
      held: { isPending: true, whenKept: (sequence, done) => kept.push(() => done(sequence)) },
    });
    bench.addPod(1);
    await bench.clock.advance(0);
    bench.read(execIn(1, 1), execIn(1, 2, "/good"), execIn(1, 3));
    expect(bench.source.acknowledged).toEqual([2]);
    kept[1]?.();
    kept[0]?.();
    expect([bench.source.acknowledged, bench.sink.published]).toEqual([[2, 3, 1], []]);
  });

  it("builds the texts of an alert only when it leaves [rules T-3]", async () => {
    await using bench = new PipelineBench();
    const built: string[] = [];
    const { find } = bench.detector;
    bench.detector.find = (event, identity) => {
      const [draft] = find(event, identity);
      if (draft === undefined) return [];
      const build = (): ReturnType<typeof draft.build> => {
        built.push(draft.uniqueId);
        return draft.build();
      };
      return [{ ...draft, build }];
    };
    bench.prepare({ admit: ({ uniqueId }) => uniqueId !== "e1" });
    bench.addPod(1);
    await bench.clock.advance(0);
    bench.read(execIn(1, 1), execIn(1, 2));
    expect([built, bench.source.acknowledged.includes(1)]).toEqual([["e2"], true]);
  });

  it("does not raise again what had left before the restart", async () => {
    await using bench = new PipelineBench();
    bench.source.confirmed.add("e1");
    bench.addPod(1);
    await bench.clock.advance(0);
    bench.read(execIn(1, 1));
    expect([bench.source.acknowledged, bench.alerts.size]).toEqual([[1], 0]);
  });

  it("leaves an execution open whose alert comes up while the sensor stops", async () => {
    await using bench = new PipelineBench();
    bench.read(execIn(1, 1));
    const stopped = bench.shutDown();
    bench.addPod(1);
    await stopped;
    expect([bench.source.acknowledged, bench.sink.published]).toEqual([[], []]);
  });

  it("offers an alert again that found the queue full, in order", async () => {
    await using bench = new PipelineBench({ capacity: 1, maxWaiting: 100 });
    bench.read(...upTo(20).map((sequence) => execIn(1, sequence)));
    bench.addPod(1);
    await bench.clock.advance(10_000);
    expect(bench.source.acknowledged).toEqual(upTo(20));
    expect(bench.sink.published).toEqual(upTo(20).map((sequence) => `e${sequence}`));
  });

  it("waits for an output that fails for hours and loses nothing", async () => {
    await using bench = new PipelineBench();
    bench.addPod(1);
    await bench.clock.advance(0);
    bench.sink.become("fails");
    bench.read(execIn(1, 1));
    await bench.clock.advance(3_600_000);
    expect(bench.source.acknowledged).toEqual([]);
    bench.sink.become("works");
    await bench.clock.advance(20_000);
    expect([bench.source.acknowledged, bench.sink.published]).toEqual([[1], ["e1"]]);
  });

  it("makes the reader wait for an informer that is behind rather than let a flood push the first execution out", async () => {
    await using bench = new PipelineBench({ maxWaiting: 4 });
    bench.isConnected = false;
    bench.read(execIn(1, 1), ...upTo(500).map((index) => execIn(1, index + 1, "/good")));
    await bench.clock.advance(1000);
    expect(bench.delivered.length).toBe(4);
    bench.addPod(1);
    bench.isConnected = true;
    await bench.clock.advance(1000);
    expect([bench.sink.published, bench.source.acknowledged.length]).toEqual([["e1"], 501]);
  });

  it("never holds the reader up for containers that nobody knows while the informer is current [enrichment stall]", async () => {
    await using bench = new PipelineBench({ maxWaiting: 100, maxWaitingBytes: 1_000_000 });
    bench.addPod(1);
    await bench.clock.advance(0);
    // Many small ones, few large ones, and after each what a known container did.
    for (const [bytes, from] of [
      [100, 0],
      [60_000, 1000],
    ] as const) {
      bench.read(...upTo(999).map((index) => execIn(100 + Math.floor(index / 50), from + index, "/good", bytes)));
      bench.read(execIn(1, from + 1000));
      await bench.clock.advance(0);
      expect(bench.sink.published.at(-1)).toBe(`e${from + 1000}`);
    }
    expect(bench.pipeline.waiting).toBeLessThan(10);
    await bench.clock.advance(5000);
    expect([bench.pipeline.waiting, bench.source.acknowledged.length]).toEqual([0, 2000]);
  });

  it("bounds what waits by bytes of memory too", async () => {
    await using bench = new PipelineBench({ maxWaiting: 1000, maxWaitingBytes: 400_000 });
    bench.read(...upTo(50).map((sequence) => execIn(1, sequence, "/good", 30_000)));
    await bench.clock.advance(100);
    expect([bench.delivered.length, bench.pipeline.waiting]).toEqual([50, 6]);
    bench.addPod(1);
    await bench.clock.advance(100);
    expect(bench.source.acknowledged.length).toBe(50);
  });

  it("keeps what is unknown while the connection is lost, but not at the price of a reader that stands still", async () => {
    await using bench = new PipelineBench({ maxWaiting: 1000, maxWaitingBytes: 100_000 });
    bench.isConnected = false;
    bench.read(execIn(1, 1));
    await bench.clock.advance(3_600_000);
    expect(bench.source.acknowledged).toEqual([]);
    bench.read(...upTo(50).map((index) => execIn(2, index + 1, "/good", 30_000)), execIn(3, 52));
    await bench.clock.advance(29_000);
    expect(bench.delivered.length).toBeLessThan(52);
    await bench.clock.advance(2_000);
    expect(bench.delivered.length).toBe(52);
    expect(bench.pipeline.waiting).toBeLessThan(4);
  });

  it("judges the executions of a container that ended before its profile, the first of all, arrived", async () => {
    const answer = Promise.withResolvers<ContainerProfile>();
    await using bench = new PipelineBench({ answer: () => answer.promise, isPrepared: false });
    bench.addPod(1);
    bench.read(execIn(1, 1));
    bench.removePod(1);
    await bench.clock.advance(100);
    answer.resolve(anyProfile);
    await bench.clock.advance(100);
    expect(bench.source.acknowledged).toEqual([]);
    bench.prepare();
    await bench.clock.advance(0);
    expect([bench.sink.published, bench.source.acknowledged]).toEqual([["e1"], [1]]);
  });

  it("says of an execution that waited for its profile in vain that nothing was held against it", async () => {
    await using bench = new PipelineBench({ answer: () => Promise.reject(new Error("connection refused")) });
    bench.addPod(1);
    bench.read(execIn(1, 1));
    await bench.clock.advance(29_999);
    expect(bench.source.acknowledged).toEqual([]);
    await bench.clock.advance(1);
    expect([bench.source.acknowledged, Object.fromEntries(bench.outcomes)]).toEqual([[1], { unprofiled: 1 }]);
  });

  it("leaves no timer behind", async () => {
    const bench = new PipelineBench({ answer: () => new Promise(() => {}) });
    bench.addPod(1);
    bench.read(execIn(1, 1), execIn(2, 2));
    await bench[Symbol.asyncDispose]();
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.source.acknowledged).toEqual([]);
  });

  describe("with learning", () => {
    it("acknowledges an event once what was learned of it is kept, and its alert has left", async () => {
      const kept: (() => void)[] = [];
      await using bench = new PipelineBench({ isPrepared: false, isLearning: true });
      bench.prepare({
        learner: {
          record: () => 1,
          whenPersisted: (_position, sequence, done) => void kept.push(() => done(sequence)),
        },
      });
      bench.addPod(1);
      await bench.clock.advance(0);
      bench.read(execIn(1, 1), execIn(1, 2, "/good"));
      await bench.clock.advance(0);
      expect([bench.source.acknowledged, bench.sink.published]).toEqual([[], ["e1"]]);
      for (const done of kept) done();
      expect(bench.source.acknowledged).toEqual([1, 2]);
    });

    it("goes on judging when nothing that is learned can be kept", async () => {
      await using bench = new PipelineBench({ isPrepared: false, isLearning: true, maxWaitingBytes: 5_000 });
      bench.prepare({ learner: { record: () => 1, whenPersisted: () => {} } });
      bench.addPod(1);
      await bench.clock.advance(0);
      bench.read(...upTo(100).map((sequence) => execIn(1, sequence, sequence === 100 ? "/bad" : "/good")));
      await bench.clock.advance(60_000);
      expect([bench.delivered.length, bench.sink.published]).toEqual([100, ["e100"]]);
      expect(bench.source.acknowledged).toEqual([]);
    });

    it("goes on judging when what has alerts and is learned can never be kept", async () => {
      await using bench = new PipelineBench({ isPrepared: false, isLearning: true, maxWaitingBytes: 5_000 });
      bench.prepare({ learner: { record: () => 1, whenPersisted: () => {} } });
      bench.addPod(1);
      await bench.clock.advance(0);
      bench.read(...upTo(100).map((sequence) => execIn(1, sequence)));
      await bench.clock.advance(60_000);
      expect([bench.delivered.length, bench.sink.published.length]).toEqual([100, 100]);
      expect(bench.source.acknowledged).toEqual([]);
    });

    it("tells of a repetition what left before a restart", async () => {
      const left: string[] = [];
      await using bench = new PipelineBench({ isPrepared: false });
      bench.prepare({ left: ({ uniqueId }) => void left.push(uniqueId) });
      bench.source.confirmed.add("e1");
      bench.addPod(1);
      await bench.clock.advance(0);
      bench.read(execIn(1, 1));
      await bench.clock.advance(0);
      expect([bench.source.acknowledged, left]).toEqual([[1], ["e1"]]);
    });
  });
});
