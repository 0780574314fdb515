import type { EvaluationSubject, PolicyVerdict, SecurityPolicy } from "@kinglet/policy-engine/security-policy";
import { describe, expect, it } from "vitest";
import { ActivePolicies, type EvaluationChoice } from "./active-policies.ts";

const subject = {} as EvaluationSubject;

/** 64 policies of which each takes as long as is said, on a clock of its own. */
function open(policyMs: number) {
  let nowMs = 0;
  const policies = Array.from({ length: 64 }, (_, at) => ({ id: String(at).padStart(2, "0") }) as SecurityPolicy);
  const evaluate = (_: unknown, { only }: EvaluationChoice = {}): readonly PolicyVerdict[] => {
    const chosen = policies.filter((policy) => only?.has(policy) ?? true);
    nowMs += chosen.length * policyMs;
    return chosen.map((policy) => ({ policy, outcome: "passed", violations: [], missing: [], problem: undefined }));
  };
  const evaluator = { evaluateDeploy: evaluate, evaluateRuntime: evaluate, needs: () => new Set<never>() };
  return { policies, active: new ActivePolicies("", [{ policies, evaluator }], () => nowMs), nowMs: () => nowMs };
}

describe("ActivePolicies", () => {
  it("lets others have a turn after each policy that takes long over a large object", async () => {
    const { active, policies } = open(10);
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const verdicts = await active.evaluateDeploy(subject, { isLarge: true });
    isDone = true;
    expect(verdicts.map(({ policy }) => policy)).toEqual(policies);
    expect(turns).toBeGreaterThan(50);
  });

  it("looks at the chosen policies only, also one by one", async () => {
    const { active, policies } = open(1);
    const only = new Set(policies.slice(3, 5));
    for (const isLarge of [true, false]) {
      const verdicts = await active.evaluateRuntime({ event: {} as never }, { isLarge, only });
      expect(verdicts.map(({ policy }) => policy)).toEqual([...only]);
    }
  });

  it("gives up when the time is over", async () => {
    const { active, nowMs } = open(10);
    const evaluation = active.evaluateDeploy(subject, { isLarge: true, isOver: () => nowMs() > 50 });
    await expect(evaluation).rejects.toThrow("time");
    expect(nowMs()).toBe(60);
  });
});
