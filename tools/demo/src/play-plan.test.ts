import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { playPlan, type PlayStep } from "./play-plan.ts";

function linesOf(steps: readonly PlayStep[]): number[] {
  return steps.flatMap((step) => {
    if (step.kind === "write") return Array.from({ length: step.to - step.from }, (_, index) => step.from + index);
    return step.kind === "rotate-inside" ? [step.line] : [];
  });
}

describe("playPlan", () => {
  it("rotates between lines and inside one, and restarts containers before their first line", () => {
    const restarts = [{ line: 6, containerId: "a" }];
    expect(playPlan({ lineCount: 10, rotations: [3, 6], insideRotation: 1, restarts })).toEqual([
      { kind: "write", from: 0, to: 3 },
      { kind: "rotate" },
      { kind: "write", from: 3, to: 6 },
      { kind: "restart", containerId: "a" },
      { kind: "rotate-inside", line: 6 },
      { kind: "write", from: 7, to: 10 },
    ]);
  });

  it("writes every line once and in order, whatever else happens on the way", () => {
    const line = fc.integer({ min: 1, max: 49 });
    const rotations = fc.uniqueArray(line, { maxLength: 6 }).map((lines) => lines.sort((a, b) => a - b));
    const restarts = fc.array(fc.record({ line, containerId: fc.string() }), { maxLength: 4 });
    fc.assert(
      fc.property(rotations, restarts, fc.integer({ min: 0, max: 6 }), (rotations, restarts, insideRotation) => {
        const steps = playPlan({ lineCount: 50, rotations, insideRotation, restarts });
        expect(linesOf(steps)).toEqual(Array.from({ length: 50 }, (_, index) => index));
        expect(steps.filter(({ kind }) => kind.startsWith("rotate"))).toHaveLength(rotations.length);
        for (const restart of restarts) {
          const at = steps.findIndex((step) => step.kind === "restart" && step.containerId === restart.containerId);
          expect(at).toBeGreaterThan(-1);
        }
        for (const [index, step] of steps.entries()) {
          if (step.kind !== "restart") continue;
          const lines = restarts.filter(({ containerId }) => containerId === step.containerId).map((one) => one.line);
          expect(lines).toContain(linesOf(steps.slice(0, index)).length);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
