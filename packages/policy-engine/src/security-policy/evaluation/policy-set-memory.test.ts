import { describe, expect, it } from "vitest";

import { eventCases } from "../../../test/security-policy/event-cases.ts";
import { groupOf, policyOf } from "../../../test/security-policy/policy-of.ts";
import { testNow, workloadOf } from "../../../test/security-policy/subjects.ts";
import { workloadCases } from "../../../test/security-policy/workload-cases.ts";
import { criteria } from "../criteria/criteria.ts";
import type { CriterionName } from "../criteria/criterion-names.ts";
import { createPatternEngine } from "../matching/re2-pattern-engine.ts";
import type { PolicyGroup, SecurityPolicy } from "../model/security-policy.ts";
import { compilePolicy } from "./compile-policy.ts";
import { Evaluation } from "./evaluation.ts";
import { PolicySet } from "./policy-set.ts";

const collect = globalThis.gc;

/** Bytes that a call leaves on the heap, collected or not: measured over so few calls that nothing is collected meanwhile. */
function bytesPerCall(call: () => void): number {
  if (collect === undefined) throw new Error("run with --expose-gc");
  // Until the compiler has seen enough of it: unoptimised code boxes numbers.
  for (let index = 0; index < 20_000; index++) call();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 5_000; index++) call();
    const after = process.memoryUsage().heapUsed;
    if (after >= before) least = Math.min(least, (after - before) / 5_000);
  }
  return least;
}

describe("PolicySet", () => {
  const specOnly = [...criteria().values()].filter(({ family, needs }) => family === "deploy" && needs.length === 0);

  it.each(specOnly.map(({ name }) => name))(
    "allocates nothing for a policy on %s that passes [policy E-10]",
    (name: CriterionName) => {
      const { value, passing } = workloadCases[name] as NonNullable<(typeof workloadCases)[string]>;
      const { compiled } = compilePolicy(
        policyOf([groupOf(name, value)]),
        { exactNames: true, requireEach: true },
        undefined,
      );
      const evaluation = new Evaluation();
      evaluation.begin(passing, testNow);
      expect(compiled?.evaluate(evaluation, "DEPLOY")?.outcome).toBe("passed");
      // What measuring itself costs is about 0.3 bytes a call; an object would be 16 at least.
      expect(bytesPerCall(() => compiled?.evaluate(evaluation, "DEPLOY"))).toBeLessThan(2);
    },
  );

  it("allocates nothing for an event that a policy with a plain pattern does not match", () => {
    const { value, passing } = eventCases["Process Name"] as NonNullable<(typeof eventCases)[string]>;
    const policy = policyOf([groupOf("Process Name", value), groupOf("Privileged Container", "true")], {
      lifecycleStages: ["RUNTIME"],
      eventSource: "DEPLOYMENT_EVENT",
    });
    const { compiled } = compilePolicy(policy, { exactNames: true, requireEach: true }, undefined);
    const evaluation = new Evaluation();
    evaluation.begin(passing, testNow);
    expect(bytesPerCall(() => compiled?.evaluate(evaluation, "RUNTIME"))).toBeLessThan(2);
  });

  /** Counts how often the values of a group are read, which only compiling does. */
  function countingPolicy(value: string): { readonly policy: SecurityPolicy; readonly reads: () => number } {
    let count = 0;
    const group: PolicyGroup = {
      ...groupOf("Container Name", value),
      get values() {
        count++;
        return [value];
      },
    };
    const policy = policyOf([group]);
    return { policy, reads: () => count };
  }

  it("compiles a policy when it is evaluated first, and once, also across replacements [policy E-9]", () => {
    const { policy, reads } = countingPolicy("web");
    const set = new PolicySet();
    set.replace([policy]);
    expect(set.needs().size).toBe(0);
    expect(reads()).toBe(0);
    const subject = { workload: workloadOf() };
    set.evaluateDeploy(subject);
    const compiling = reads();
    expect(compiling).toBeGreaterThan(0);
    set.evaluateDeploy(subject);
    set.replace([policyOf([groupOf("Host PID", "true")], { id: "other" }), policy]);
    expect(set.evaluateDeploy(subject)).toHaveLength(2);
    expect(reads()).toBe(compiling);
  });

  it("loads the pattern engine once for callers at the same time, and only when a pattern needs it [policy E-9]", async () => {
    const plain = new PolicySet();
    plain.replace([policyOf([groupOf("Container Name", "web|api")])]);
    await plain.prepare();
    expect(plain.evaluateDeploy({ workload: workloadOf() })[0]?.outcome).toBe("violated");

    const { policy, reads } = countingPolicy("[w]eb");
    const set = new PolicySet();
    set.replace([policy]);
    expect(set.evaluateDeploy({ workload: workloadOf() })[0]).toMatchObject({
      outcome: "notEvaluated",
      missing: ["patternEngine"],
    });
    await Promise.all([set.prepare(), set.prepare(), set.prepare()]);
    expect(set.evaluateDeploy({ workload: workloadOf() })[0]?.outcome).toBe("violated");
    const compiling = reads();
    await set.prepare();
    set.evaluateDeploy({ workload: workloadOf() });
    expect(reads()).toBe(compiling);
  });

  it("lets go of a policy, its matcher and the subject [policy E-9]", async () => {
    const set = new PolicySet();
    const references = evaluateOnce(set);
    set.replace([]);
    // Weak references hold on until the end of the current job.
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < 4; round++) collect?.();
    expect(references.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined]);
  });
});

function evaluateOnce(set: PolicySet): readonly WeakRef<object>[] {
  const policy = policyOf([groupOf("Container Name", "[w]eb")]);
  const subject = { workload: workloadOf(), image: () => undefined };
  // Compiled with an engine of our own: the test is about the matcher, which hangs on the policy alone.
  const { compiled } = compilePolicy(policy, { exactNames: true, requireEach: true }, createPatternEngine());
  set.replace([policy]);
  set.evaluateDeploy(subject);
  return [new WeakRef(policy), new WeakRef(subject), new WeakRef(compiled as object)];
}
