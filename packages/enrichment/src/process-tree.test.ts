import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecEvent, type ExecEventInit } from "./exec-event.ts";
import { ProcessTree, type ProcessTreeOptions } from "./process-tree.ts";

const exec = (execId: string, parentExecId = "", init: Partial<ExecEventInit> = {}): ExecEvent =>
  new ExecEvent({ sequence: 1, execId, parentExecId, binary: `/bin/${execId}`, ...init });

const treeOf = (options: Partial<ProcessTreeOptions> = {}): { tree: ProcessTree; clock: ManualClock } => {
  const clock = new ManualClock();
  return { tree: new ProcessTree({ clock, ...options }), clock };
};

const names = (tree: ProcessTree, execId: string): string[] => tree.ancestorsOf(execId).map((record) => record.execId);

describe("ProcessTree", () => {
  it("knows ancestors, nearest first, as far as they were seen [enrichment tree ancestors]", () => {
    const { tree } = treeOf();
    tree.executed(exec("a", "never seen"));
    tree.executed(exec("b", "a", { args: "-c x", pid: 7, uid: 3 }));
    tree.executed(exec("c", "b"));
    expect(names(tree, "c")).toEqual(["b", "a"]);
    expect(names(tree, "unknown")).toEqual([]);
    expect(tree.get("b")).toMatchObject({ binary: "/bin/b", args: "-c x", pid: 7, uid: 3, parentExecId: "a" });
  });

  it("finds an ended execution for 60 s more and not longer, without a timer [enrichment tree exit]", async () => {
    const { tree, clock } = treeOf();
    tree.executed(exec("a"));
    tree.executed(exec("b", "a"));
    tree.exited({ execId: "a" });
    await clock.advance(59_999);
    expect(names(tree, "b")).toEqual(["a"]);
    await clock.advance(1);
    expect([names(tree, "b"), tree.get("a"), tree.size]).toEqual([[], undefined, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes exits without executions and executions after their exit for normal [enrichment tree exit]", () => {
    const { tree } = treeOf();
    tree.exited({ execId: "a" });
    tree.executed(exec("a"));
    expect(tree.get("a")).toBeDefined();
  });

  it("tells replays of what it has seen from those of what it has not [enrichment tree replay]", () => {
    const { tree } = treeOf();
    expect(tree.executed(exec("a"))).toBe(true);
    expect(tree.executed(exec("a", "", { isReplay: true }))).toBe(false);
    expect(tree.executed(exec("b", "", { isReplay: true }))).toBe(true);
    expect(tree.executed(exec("b", "", { isReplay: true }))).toBe(false);
    expect(tree.executed(exec("", "", { isReplay: true }))).toBe(true);
  });

  it("forgets what was of no use longest when it is full, parents last [enrichment tree bound]", () => {
    const { tree } = treeOf({ maxEntries: 3 });
    for (const id of ["shell", "x", "y"]) tree.executed(exec(id));
    tree.executed(exec("z", "shell"));
    expect(tree.size).toBe(3);
    expect(tree.get("x")).toBeUndefined();
    expect(names(tree, "z")).toEqual(["shell"]);
  });

  it("keeps 65,536 executions unless told otherwise [enrichment tree bound]", () => {
    const { tree } = treeOf();
    for (let at = 0; at < 65_600; at++) tree.executed(exec(`e${at}`));
    expect(tree.size).toBe(65_536);
  });

  it("gives records that hold on to nothing else", () => {
    const { tree } = treeOf();
    for (const id of ["a", "b", "c"]) tree.executed(exec(id, "a"));
    expect(JSON.parse(JSON.stringify(tree.ancestorsOf("c")))).toMatchObject([{ execId: "a" }]);
  });

  it("keeps no long arguments", () => {
    const { tree } = treeOf();
    tree.executed(exec("a", "", { args: "x".repeat(60_000) }));
    expect(tree.get("a")?.args).toHaveLength(512);
  });

  it("ends in a circle of wrong events", () => {
    const { tree } = treeOf();
    tree.executed(exec("a", "b"));
    tree.executed(exec("b", "a"));
    tree.executed(exec("c", "c"));
    expect(names(tree, "a").length).toBeLessThanOrEqual(32);
    expect(names(tree, "c")).toEqual([]);
  });

  it("stays within its bound and never finds what ended longer ago, whatever happens [enrichment tree bound]", async () => {
    const id = fc.integer({ min: 0, max: 12 }).map(String);
    const step = fc.oneof(
      fc.record({ do: fc.constant("exec" as const), id, parent: id }),
      fc.record({ do: fc.constant("exit" as const), id }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { tree, clock } = treeOf({ maxEntries: 5 });
        const ended = new Map<string, number>();
        for (const one of steps) {
          if (one.do === "wait") await clock.advance(one.ms);
          else if (one.do === "exit") {
            tree.exited({ execId: one.id });
            if (!ended.has(one.id)) ended.set(one.id, clock.monotonicMs());
          } else {
            tree.executed(exec(one.id, one.parent));
            ended.delete(one.id);
          }
          expect(tree.size).toBeLessThanOrEqual(5);
          for (const [execId, at] of ended) {
            if (clock.monotonicMs() - at >= 60_000) expect(tree.get(execId)).toBeUndefined();
          }
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
