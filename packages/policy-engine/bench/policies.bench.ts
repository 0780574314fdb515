/**
 * Policies on the specification over a pod of three containers: `vitest bench packages/policy-engine`. What compiling costs and
 * keeps is measured by `bench/memory/policies.ts`.
 */
import { test } from "vitest";

import { PolicySet, readWorkload } from "../src/security-policy/index.ts";
import { manyPolicies, podObject, podWorkload } from "../test/security-policy/many-policies.ts";
import { isObviouslyViolated } from "../test/security-policy/obvious-evaluation.ts";
import { groupOf, policyOf } from "../test/security-policy/policy-of.ts";

const workload = podWorkload();

test("PolicySet/evaluateDeploy/50 policies, 3 containers", async ({ bench }) => {
  const set = new PolicySet();
  set.replace(manyPolicies(50));
  const elaborate = new PolicySet();
  elaborate.replace(manyPolicies(50, "elaborate"));
  await elaborate.prepare();
  const text = JSON.stringify(podObject());
  await bench.compare(
    // What a webhook does anyway, for comparison: the object as text, to an object.
    bench("JSON.parse of the pod", () => {
      JSON.parse(text);
    }),
    bench("readWorkload", () => {
      readWorkload(JSON.parse(text));
    }),
    bench("plain patterns", () => {
      if (set.evaluateDeploy({ workload }).length !== 50) throw new Error("verdicts");
    }),
    bench("patterns of the engine", () => {
      if (elaborate.evaluateDeploy({ workload }).length !== 50) throw new Error("verdicts");
    }),
  );
}, 60_000);

test("PolicySet/evaluateDeploy/linked groups", async ({ bench }) => {
  const groups = [groupOf("Container Name", "web|worker"), groupOf("Volume Type", "hostpath|nfs", { negate: true })];
  const policy = policyOf([...groups, groupOf("Privileged Container", "true")]);
  const set = new PolicySet();
  set.replace([policy]);
  await bench.compare(
    bench("oracle/every choice of elements", () => {
      if (isObviouslyViolated(policy, { workload })) throw new Error("violated");
    }),
    bench("compiled", () => {
      if (set.evaluateDeploy({ workload })[0]?.outcome !== "passed") throw new Error("violated");
    }),
  );
}, 60_000);
