import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isLearning,
  learningTransitions,
  nextLearningState,
  type LearningState,
  type LearningTrigger,
} from "./learning-state.ts";

const states = Object.keys(learningTransitions) as LearningState[];
const triggers: readonly LearningTrigger[] = [
  "reported",
  "window-over",
  "ended",
  "exit-succeeded",
  "exit-failed",
  "exit-unseen",
  "overflow",
  "already-learned",
  "learned-elsewhere",
];
const finals: ReadonlySet<LearningState> = new Set(["completed", "failed", "incomplete", "too-large", "ignored"]);

describe("nextLearningState", () => {
  it("goes only where the table says, whatever comes in whatever order [learning states]", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...triggers), { maxLength: 20 }), (steps) => {
        let state: LearningState = "initializing";
        for (const trigger of steps) {
          const next = nextLearningState(state, trigger);
          expect(next).toBe(learningTransitions[state][trigger] ?? state);
          // What is final stays, nothing goes back to the beginning, an ended container is not learned on.
          if (finals.has(state)) expect(next).toBe(state);
          if (state !== "initializing") expect(next).not.toBe("initializing");
          if (state === "ending") expect(next).not.toBe("ready");
          expect(isLearning(next)).toBe(!finals.has(next));
          state = next;
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("reaches every state, and an end from each [learning states]", () => {
    const reached = new Set<LearningState>(["initializing"]);
    for (const state of reached) for (const trigger of triggers) reached.add(nextLearningState(state, trigger));
    expect([...reached].toSorted()).toEqual(states.toSorted());
    for (const state of states.filter(isLearning)) {
      expect(triggers.map((trigger) => nextLearningState(state, trigger)).some((next) => finals.has(next))).toBe(true);
    }
  });
});
