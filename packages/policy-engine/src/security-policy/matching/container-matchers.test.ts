import { describe, expect, it } from "vitest";

import { groupOf, policyOf } from "../../../test/security-policy/policy-of.ts";
import { workloadOf } from "../../../test/security-policy/subjects.ts";
import type { CriterionName } from "../criteria/criterion-names.ts";
import { PolicySet } from "../evaluation/policy-set.ts";
import type { PolicyGroup } from "../model/security-policy.ts";

/** What a section of these groups says of an ephemeral container beside a regular one that states everything. */
async function violations(groups: readonly PolicyGroup[], web: Readonly<Record<string, unknown>> = complete) {
  const set = new PolicySet();
  set.replace([policyOf(groups)]);
  await set.prepare();
  const debug = { name: "debug", image: "debug:1", securityContext: { privileged: true } };
  const [verdict] = set.evaluateDeploy({ workload: workloadOf(web, { ephemeralContainers: [debug] }) });
  return verdict?.violations.map(({ message }) => message) ?? [];
}

const complete = {
  resources: { requests: { cpu: 1, memory: "1Gi" }, limits: { cpu: 1, memory: "1Gi" } },
  livenessProbe: {},
  readinessProbe: {},
};

/** Each of these holds of a container that states nothing. */
const absent: readonly (readonly [CriterionName, string, boolean])[] = [
  ["Container CPU Request", "0", false],
  ["Container CPU Limit", "0", false],
  ["Container CPU Limit", "< 0.5", false],
  ["Container CPU Limit", "> 0", true],
  ["Container Memory Request", "0", false],
  ["Container Memory Limit", "0", false],
  ["Container Memory Limit", "> 100", true],
  ["Liveness Probe Defined", "false", false],
  ["Readiness Probe Defined", "false", false],
  ["Liveness Probe Defined", "true", true],
  ["Readiness Probe Defined", "true", true],
];

describe("containerMatchers", () => {
  it.each(absent)(
    "%s %s (negated: %s) never holds of an ephemeral container, alone or linked [policy E-13]",
    async (name, value, negate) => {
      const group = groupOf(name, value, { negate });
      expect(await violations([group])).toEqual([]);
      expect(await violations([groupOf("Privileged Container", "true"), group])).toEqual([]);
      // A regular one that states nothing is blamed, and alone.
      const blamed = await violations([group], {});
      expect(blamed).toHaveLength(1);
      expect(blamed[0]).toContain('container "web"');
    },
  );

  it("still judges what an ephemeral container can have", async () => {
    expect((await violations([groupOf("Privileged Container", "true")])).join()).toContain("ephemeral container");
  });
});
