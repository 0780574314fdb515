import { describe, expect, it } from "vitest";

import {
  audit,
  group,
  privileged,
  problemsOf,
  runtime,
  sectionsOf,
  type Loose,
} from "../../../test/policy-documents.ts";

describe("validatePolicy", () => {
  const g = "spec.policySections[0].policyGroups[0]";
  const cases: readonly (readonly [what: string, spec: Loose, ...expected: string[]])[] = [
    ["no name", { policyName: undefined }, "error spec.policyName SHAPE"],
    ["a short name", { policyName: "abcd" }, "error spec.policyName VALUE"],
    ["a long name", { policyName: "é".repeat(129) }, "error spec.policyName VALUE"],
    ["a name of astral characters within the limit", { policyName: "😀".repeat(128) }],
    ["a dollar sign in the name", { policyName: "costs $5" }, "error spec.policyName VALUE"],
    ["a line break in the name", { policyName: "one\ntwo" }, "error spec.policyName VALUE"],
    ["a long description", { description: "x".repeat(801) }, "error spec.description VALUE"],
    ["a dollar sign in the description", { description: "$" }, "error spec.description VALUE"],
    ["no category", { categories: [] }, "error spec.categories SHAPE"],
    ["a category twice", { categories: ["a", "b", "a"] }, "error spec.categories[2] VALUE"],
    ["no severity", { severity: undefined }, "error spec.severity SHAPE"],
    ["an unset severity", { severity: "UNSET_SEVERITY" }, "error spec.severity VALUE"],
    ["an unknown severity", { severity: "HIGH" }, "error spec.severity UNKNOWN_NAME"],
    ["no stage", { lifecycleStages: [] }, "error spec.lifecycleStages SHAPE"],
    ["an unknown stage", { lifecycleStages: ["DEPLOY", "TEST"] }, "error spec.lifecycleStages[1] UNKNOWN_NAME"],
    ["an unknown event source", { eventSource: "EVENT" }, "error spec.eventSource UNKNOWN_NAME"],
    ["an unknown action", { enforcementActions: ["KILL"] }, "error spec.enforcementActions[0] UNKNOWN_NAME"],
    [
      "an unknown operator",
      sectionsOf({ ...privileged, booleanOperator: "XOR" }),
      `error ${g}.booleanOperator UNKNOWN_NAME`,
    ],
    [
      "an unknown container type",
      { evaluationFilter: { skipContainerTypes: ["EPHEMERAL"] } },
      "error spec.evaluationFilter.skipContainerTypes[0] UNKNOWN_NAME",
    ],
    ["an unknown field", { sverity: "x" }, "error spec.sverity UNKNOWN_FIELD"],
    [
      "an unknown field deep down",
      { exclusions: [{ deployment: { name: "a", namespace: "b" } }] },
      "error spec.exclusions[0].deployment.namespace UNKNOWN_FIELD",
    ],
    ["an unknown criterion", sectionsOf(group("Privileged", "true")), `error ${g}.fieldName UNKNOWN_NAME`],
    ["a criterion without name", sectionsOf({ values: [{ value: "x" }] }), `error ${g}.fieldName SHAPE`],
    ["no section", { policySections: [] }, "error spec.policySections SHAPE"],
    ["no criterion", { policySections: [{ policyGroups: [] }] }, "error spec.policySections[0].policyGroups SHAPE"],
    ["no value", sectionsOf(group("Privileged Container")), `error ${g}.values SHAPE`],
    [
      "a value outside the grammar",
      sectionsOf(group("Privileged Container", "yes")),
      `error ${g}.values[0].value VALUE`,
    ],
    ["an empty value", sectionsOf({ fieldName: "Image Tag", values: [{}] }), `error ${g}.values[0].value VALUE`],
    [
      "two values where one is allowed",
      sectionsOf(group("Privileged Container", "true", "false")),
      `error ${g}.values CRITERION`,
    ],
    ["a negation that is forbidden", sectionsOf({ ...privileged, negate: true }), `error ${g}.negate CRITERION`],
    [
      "a criterion twice",
      sectionsOf(privileged, privileged),
      "error spec.policySections[0].policyGroups[1].fieldName COMBINATION",
    ],
    ["a runtime criterion at DEPLOY", sectionsOf(group("Process Name", "sh")), `error ${g}.fieldName CRITERION`],
    [
      "a workload criterion in the audit log",
      {
        ...audit,
        ...sectionsOf(group("Kubernetes Resource", "SECRETS"), group("Kubernetes API Verb", "GET"), privileged),
      },
      "error spec.policySections[0].policyGroups[2].fieldName CRITERION",
    ],
    [
      "a resource of the audit log outside it",
      { ...runtime(), ...sectionsOf(group("Kubernetes Resource", "SECRETS")) },
      `error ${g}.values[0].value VALUE`,
    ],
    [
      "RUNTIME without event source",
      { ...runtime(), eventSource: undefined, ...sectionsOf(group("Process Name", "sh")) },
      "error spec.eventSource COMBINATION",
    ],
    ["an event source at DEPLOY", { eventSource: "DEPLOYMENT_EVENT" }, "error spec.eventSource COMBINATION"],
    [
      "DEPLOY and RUNTIME at once",
      { ...runtime(), lifecycleStages: ["DEPLOY", "RUNTIME"], ...sectionsOf(group("Process Name", "sh")) },
      "error spec.eventSource COMBINATION",
    ],
    ["RUNTIME about nothing that happens", runtime(), "error spec.policySections COMBINATION"],
    [
      "kinds of events mixed",
      {
        ...runtime(),
        policySections: [
          { policyGroups: [group("Process Name", "sh")] },
          { policyGroups: [group("Unexpected Network Flow Detected", "true")] },
        ],
      },
      "error spec.policySections COMBINATION",
    ],
    [
      "process and file in different sections",
      {
        ...runtime(),
        policySections: [{ policyGroups: [group("Process Name", "sh")] }, { policyGroups: [group("File Path", "/a")] }],
      },
      `error ${g}.fieldName COMBINATION`,
    ],
    [
      "a file operation without path",
      { ...runtime(), ...sectionsOf(group("File Operation", "OPEN")) },
      `error ${g}.fieldName COMBINATION`,
    ],
    [
      "a user without resource",
      { ...runtime(), ...sectionsOf(group("Kubernetes User Name", "a"), group("Kubernetes User Groups", "b")) },
      `error ${g}.fieldName COMBINATION`,
      "error spec.policySections[0].policyGroups[1].fieldName COMBINATION",
    ],
    [
      "the audit log without verb",
      { ...audit, ...sectionsOf(group("Kubernetes Resource", "SECRETS")) },
      "error spec.policySections[0] COMBINATION",
    ],
    [
      "the audit log without resource",
      { ...audit, ...sectionsOf(group("Kubernetes API Verb", "GET")) },
      "error spec.policySections[0] COMBINATION",
    ],
    [
      "a node policy without path",
      { ...runtime("NODE_EVENT"), ...sectionsOf(group("Process Name", "sh")) },
      "error spec.policySections[0] COMBINATION",
    ],
    [
      "signatures joined by AND",
      sectionsOf({
        ...group(
          "Image Signature Verified By",
          "io.stackrox.signatureintegration.5b2f9d4e-7c1a-4e0b-9f63-0a8d2c4b6e11",
        ),
        booleanOperator: "AND",
      }),
      `error ${g}.booleanOperator CRITERION`,
    ],
    [
      "a capability added and dropped",
      sectionsOf(group("Add Capabilities", "CHOWN"), group("Drop Capabilities", "KILL", "CHOWN")),
      "error spec.policySections[0].policyGroups[1].fieldName COMBINATION",
    ],
    [
      "enforcement in the audit log",
      { ...audit, enforcementActions: ["KILL_POD_ENFORCEMENT"] },
      "error spec.enforcementActions[0] COMBINATION",
    ],
    [
      "enforcement of network policies",
      {
        ...sectionsOf(group("Has Ingress Network Policy", "false")),
        enforcementActions: ["SCALE_TO_ZERO_ENFORCEMENT"],
      },
      `error ${g}.fieldName COMBINATION`,
    ],
    [
      "a label scope in the audit log",
      { ...audit, scope: [{ label: { key: "a" } }] },
      "error spec.scope[0].label COMBINATION",
    ],
    [
      "a deployment excluded from the audit log",
      { ...audit, exclusions: [{ deployment: { name: "a", scope: { label: { key: "a" } } } }] },
      "error spec.exclusions[0].deployment.name COMBINATION",
      "error spec.exclusions[0].deployment.scope.label COMBINATION",
    ],
    ["an empty exclusion", { exclusions: [{ name: "x" }] }, "error spec.exclusions[0] SHAPE"],
    [
      "a deployment without criteria",
      { exclusions: [{ deployment: { name: "" } }] },
      "error spec.exclusions[0].deployment SHAPE",
    ],
    [
      "a deployment excluded from BUILD alone",
      { lifecycleStages: ["BUILD"], ...sectionsOf(group("CVE", "x")), exclusions: [{ deployment: { name: "a" } }] },
      "error spec.exclusions[0].deployment COMBINATION",
    ],
    [
      "an image excluded from DEPLOY",
      { exclusions: [{ image: { name: "a" } }] },
      "error spec.exclusions[0].image COMBINATION",
    ],
    [
      "an image without name",
      { lifecycleStages: ["BUILD"], ...sectionsOf(group("CVE", "x")), exclusions: [{ image: { name: "" } }] },
      "error spec.exclusions[0].image.name SHAPE",
    ],
    [
      "cluster labels in an exclusion",
      { exclusions: [{ deployment: { scope: { clusterLabel: { key: "a" }, namespaceLabel: { key: "b" } } } }] },
      "error spec.exclusions[0].deployment.scope.clusterLabel COMBINATION",
      "error spec.exclusions[0].deployment.scope.namespaceLabel COMBINATION",
    ],
    [
      "a wrong time",
      { exclusions: [{ deployment: { name: "a" }, expiration: "tomorrow" }] },
      "error spec.exclusions[0].expiration VALUE",
    ],
    [
      "a time that does not exist",
      { exclusions: [{ deployment: { name: "a" }, expiration: "2027-13-01T00:00:00Z" }] },
      "error spec.exclusions[0].expiration VALUE",
    ],
    ["an empty scope", { scope: [{}] }, "error spec.scope[0] SHAPE"],
    [
      "cluster and its label",
      { scope: [{ cluster: "a", clusterLabel: { key: "b" } }] },
      "error spec.scope[0].clusterLabel COMBINATION",
    ],
    [
      "namespace and its label",
      { scope: [{ namespace: "a", namespaceLabel: { key: "b" } }] },
      "error spec.scope[0].namespaceLabel COMBINATION",
    ],
    [
      "a filter of containers in the audit log",
      { ...audit, evaluationFilter: { skipContainerTypes: ["INIT"] } },
      "error spec.evaluationFilter COMBINATION",
    ],
    [
      "a filter of containers for BUILD alone",
      {
        lifecycleStages: ["BUILD"],
        ...sectionsOf(group("CVE", "x")),
        evaluationFilter: { skipContainerTypes: ["INIT"] },
      },
      "error spec.evaluationFilter COMBINATION",
    ],
    ["a workload criterion at BUILD", { lifecycleStages: ["BUILD", "DEPLOY"] }, `warning ${g}.fieldName CRITERION`],
    [
      "wrong types",
      { disabled: "no", categories: "a", policySections: {}, scope: [3] },
      "error spec.disabled SHAPE",
      "error spec.categories SHAPE",
      "error spec.scope[0] SHAPE",
      "error spec.policySections SHAPE",
    ],
    ["half a surrogate pair", { rationale: "a\ud800b" }, "error spec.rationale VALUE"],
  ];

  it.each(cases)("names what is wrong with %s [policy V-5]", (_, spec, ...expected) => {
    expect(problemsOf(spec as Loose)).toEqual(expected);
  });

  it.each([
    ["severity", { severity: "HIGH" }],
    ["lifecycleStages[0]", { lifecycleStages: ["deploy"] }],
    ["eventSource", { eventSource: "DEPLOYMENT" }],
    ["enforcementActions[0]", { enforcementActions: ["SCALE_TO_ZERO"] }],
    ["policySections[0].policyGroups[0].booleanOperator", sectionsOf({ ...privileged, booleanOperator: "or" })],
    ["policySections[0].policyGroups[0].fieldName", sectionsOf(group("privileged container", "true"))],
    ["evaluationFilter.skipContainerTypes[0]", { evaluationFilter: { skipContainerTypes: ["SIDECAR"] } }],
  ])("never drops a name that it does not know: %s [policy V-3]", (path, spec) => {
    expect(problemsOf(spec)).toEqual([`error spec.${path} UNKNOWN_NAME`]);
  });

  it.each(["name", "policySections[0].section", "scope[0].namspace", "exclusions[0].image.ref"])(
    "never drops a field that it does not know: %s [policy V-3]",
    (path) => {
      const spec: Loose = {
        name: "x",
        policySections: [{ section: "x", policyGroups: [privileged] }],
        scope: [{ namespace: "a", namspace: "b" }],
        exclusions: [{ deployment: { name: "a" }, image: { ref: "x" } }],
      };
      expect(problemsOf(spec)).toContain(`error spec.${path} UNKNOWN_FIELD`);
    },
  );
});
