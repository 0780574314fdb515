import { describe, expect, it } from "vitest";

import type { CriterionCase } from "../../../test/security-policy/criterion-case.ts";
import { eventCases } from "../../../test/security-policy/event-cases.ts";
import { imageCases } from "../../../test/security-policy/image-cases.ts";
import { groupOf, policyOf } from "../../../test/security-policy/policy-of.ts";
import { testNow } from "../../../test/security-policy/subjects.ts";
import { workloadCases } from "../../../test/security-policy/workload-cases.ts";
import { criteria } from "../criteria/criteria.ts";
import { criterionNames, type CriterionName } from "../criteria/criterion-names.ts";
import type { SecurityPolicy } from "../model/security-policy.ts";
import { PolicySet, type RuntimeSubject } from "./policy-set.ts";
import type { PolicyVerdict } from "./policy-verdict.ts";

type Subject = CriterionCase["violating"];

const cases: Readonly<Record<string, CriterionCase>> = { ...workloadCases, ...imageCases, ...eventCases };

/** Subjects on which a negated criterion holds although the plain one does not, or both do not: said where it is not the inverse. */
const notInverted: ReadonlySet<CriterionName> = new Set<CriterionName>([
  // A suppressed vulnerability matches neither.
  "CVE",
]);

function isEvent(subject: Subject): subject is RuntimeSubject {
  return "event" in subject && subject.event !== undefined;
}

function policyFor(name: CriterionName, value: string, negate: boolean): SecurityPolicy {
  const { violating, eventSource } = cases[name] as CriterionCase;
  const group = groupOf(name, value, { negate });
  if (!isEvent(violating)) return policyOf([group]);
  return policyOf([group], { lifecycleStages: ["RUNTIME"], eventSource: eventSource ?? "DEPLOYMENT_EVENT" });
}

async function judge(policy: SecurityPolicy, subject: Subject): Promise<PolicyVerdict> {
  const set = new PolicySet({ now: () => testNow });
  set.replace([policy]);
  await set.prepare();
  const verdicts = isEvent(subject) ? set.evaluateRuntime(subject) : set.evaluateDeploy(subject);
  expect(verdicts).toHaveLength(1);
  return verdicts[0] as PolicyVerdict;
}

describe("PolicySet over each criterion", () => {
  it("has a case for all 79 [policy E-2]", () => {
    expect(Object.keys(cases)).toHaveLength(79);
    expect(Object.keys(cases).sort()).toEqual([...criterionNames].sort());
  });

  for (const name of criterionNames) {
    const { value, violating, passing, message, malformed } = cases[name] as CriterionCase;

    it(`${name}: is violated by what its value says, in one line`, async () => {
      const verdict = await judge(policyFor(name, value, false), violating);
      expect(verdict.outcome).toBe("violated");
      expect(verdict.violations.map((violation) => violation.message)).toEqual([message]);
      expect(message).not.toContain("\n");
    });

    it(`${name}: passes otherwise`, async () => {
      const verdict = await judge(policyFor(name, value, false), passing);
      expect(verdict).toMatchObject({ outcome: "passed", violations: [], missing: [] });
    });

    it(`${name}: is the inverse when negated, or may not be negated`, async () => {
      const isAllowed = criteria().get(name)?.negation === true;
      if (!isAllowed) return;
      expect((await judge(policyFor(name, value, true), violating)).outcome).toBe("passed");
      const expected = notInverted.has(name) ? "passed" : "violated";
      expect((await judge(policyFor(name, value, true), passing)).outcome).toBe(expected);
    });

    it(`${name}: is not evaluated with a malformed value`, async () => {
      const verdict = await judge(policyFor(name, malformed, false), violating);
      expect(verdict).toMatchObject({ outcome: "notEvaluated", violations: [] });
      expect(verdict.problem).toContain("spec.policySections[0].policyGroups[0].values[0].value: ");
    });
  }
});
