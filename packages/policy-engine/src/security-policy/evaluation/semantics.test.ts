import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isObviouslyViolated } from "../../../test/security-policy/obvious-evaluation.ts";
import { policyOfSections } from "../../../test/security-policy/policy-of.ts";
import { execOf, imageOf, vulnerabilityOf, workloadOf } from "../../../test/security-policy/subjects.ts";
import type { CriterionName } from "../criteria/criterion-names.ts";
import type { PolicyGroup, PolicySection } from "../model/security-policy.ts";
import type { ImageMetadata } from "../workload/image-metadata.ts";
import type { Workload } from "../workload/workload.ts";
import { PolicySet } from "./policy-set.ts";

const letters = fc.constantFrom("a", "b", "ab", "");
const patterns = fc.constantFrom("a", "b", "a.*", ".*b", "a|b", ".*", "(a|b)b?");

/** Criteria of several levels with values that are likely to meet the small subjects below. */
const valuesOf: Partial<Readonly<Record<CriterionName, fc.Arbitrary<string>>>> = {
  "Host Network": fc.constantFrom("true", "false"),
  Namespace: patterns,
  "Privileged Container": fc.constantFrom("true", "false"),
  "Container Name": patterns,
  "Seccomp Profile Type": fc.constantFrom("UNCONFINED", "LOCALHOST"),
  "Volume Name": patterns,
  "Volume Type": fc.constantFrom("hostpath", "emptydir", ".*"),
  "Exposed Port": fc.constantFrom("1", "2"),
  "Exposed Port Protocol": fc.constantFrom("TCP", "udp"),
  CVE: patterns,
  "Fixed By": fc.constantFrom("a", "b", "a|b"),
};

const groups = (names: Partial<Readonly<Record<CriterionName, fc.Arbitrary<string>>>>): fc.Arbitrary<PolicyGroup> =>
  fc.constantFrom(...(Object.keys(names) as CriterionName[])).chain((fieldName) =>
    fc.record({
      fieldName: fc.constant(fieldName),
      booleanOperator: fc.constantFrom("OR" as const, "AND" as const),
      negate: fc.boolean(),
      values: fc.array(names[fieldName] as fc.Arbitrary<string>, { minLength: 1, maxLength: 3 }),
    }),
  );

const sections: fc.Arbitrary<readonly PolicySection[]> = fc.array(
  fc
    .uniqueArray(groups(valuesOf), { minLength: 1, maxLength: 4, selector: (group) => group.fieldName })
    .map((list) => ({ name: "", groups: list })),
  { minLength: 1, maxLength: 2 },
);

const containers = fc.record({
  name: letters,
  image: fc.constantFrom("one", "two", "three"),
  securityContext: fc.record({
    privileged: fc.boolean(),
    seccompProfile: fc.constantFrom(undefined, { type: "Unconfined" }, { type: "Localhost" }),
  }),
  ports: fc.array(fc.record({ containerPort: fc.constantFrom(1, 2), protocol: fc.constantFrom("TCP", "UDP") }), {
    maxLength: 2,
  }),
  volumeMounts: fc.array(fc.record({ name: letters, mountPath: letters }), { maxLength: 2 }),
});

const workloads: fc.Arbitrary<Workload> = fc
  .record({
    containers: fc.array(containers, { maxLength: 3 }),
    hostNetwork: fc.boolean(),
    volumes: fc.constant([
      { name: "a", hostPath: { path: "/a" } },
      { name: "b", emptyDir: {} },
    ]),
  })
  .map((pod) => workloadOf({}, pod, { namespace: "ab" }));

const images: fc.Arbitrary<ImageMetadata> = fc
  .array(fc.array(fc.record({ id: letters, fixedBy: letters, isSuppressed: fc.boolean() }), { maxLength: 2 }), {
    maxLength: 2,
  })
  .map((components) =>
    imageOf({}, [], {
      scan: {
        scanned: 0,
        operatingSystem: "",
        components: components.map((list, index) => ({
          name: String(index),
          version: "",
          vulnerabilities: list.map(vulnerabilityOf),
        })),
      },
    }),
  );

const registries = fc.record({ one: images, two: images, three: images }, { requiredKeys: ["one", "two", "three"] });

describe("PolicySet", () => {
  it("agrees with trying every choice of elements: linked groups, empty lists, OR and AND under negation [policy E-1]", () => {
    let violated = 0;
    let passed = 0;
    fc.assert(
      fc.property(sections, workloads, registries, (list, workload, registry) => {
        const policy = policyOfSections(list);
        const subject = { workload, image: (name: string) => registry[name as "one"] };
        const set = new PolicySet();
        set.replace([policy]);
        const expected = isObviouslyViolated(policy, subject) ? "violated" : "passed";
        const [verdict] = set.evaluateDeploy(subject);
        expect(verdict?.outcome).toBe(expected);
        expect((verdict?.violations.length ?? 0) > 0).toBe(expected === "violated");
        if (expected === "violated") violated++;
        else passed++;
      }),
      { seed: 1, numRuns: 5_000 },
    );
    // The property would be empty if the generators met only one side.
    expect(Math.min(violated, passed)).toBeGreaterThan(1_000);
  });

  it("is right about what it decides without an image, and undecided only because of one [policy E-3]", () => {
    let undecided = 0;
    fc.assert(
      fc.property(sections, workloads, fc.array(images, { minLength: 3, maxLength: 3 }), (list, workload, possible) => {
        const policy = policyOfSections(list);
        const set = new PolicySet();
        set.replace([policy]);
        const known = possible[0] as ImageMetadata;
        const [verdict] = set.evaluateDeploy({ workload, image: (name) => (name === "one" ? known : undefined) });
        if (verdict?.outcome === "notEvaluated") {
          undecided++;
          expect(verdict.missing).toEqual(["image"]);
          return;
        }
        for (const other of possible) {
          const image = (name: string): ImageMetadata => (name === "one" ? known : other);
          expect(isObviouslyViolated(policy, { workload, image })).toBe(verdict?.outcome === "violated");
        }
      }),
      { seed: 2, numRuns: 3_000 },
    );
    expect(undecided).toBeGreaterThan(300);
  });

  it("agrees about lists that are one fact, empty ones included [policy E-1]", () => {
    const ofRequests = { "Kubernetes User Groups": fc.constantFrom("a", "b", "c") };
    fc.assert(
      fc.property(groups(ofRequests), fc.array(fc.constantFrom("a", "b", "c", "AB")), (group, userGroups) => {
        const policy = policyOfSections([{ name: "", groups: [group] }], {
          lifecycleStages: ["RUNTIME"],
          eventSource: "DEPLOYMENT_EVENT",
        });
        const set = new PolicySet();
        set.replace([policy]);
        const subject = { workload: workloadOf(), event: execOf({ groups: userGroups }) };
        const expected = isObviouslyViolated(policy, subject) ? "violated" : "passed";
        expect(set.evaluateRuntime(subject)[0]?.outcome).toBe(expected);
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });
});
