import type { BundleObject } from "@kinglet/policy-engine/bundle";

/** A group of a policy, as in the API. */
export interface GroupInput {
  readonly fieldName: string;
  readonly values: readonly string[];
  readonly booleanOperator?: "OR" | "AND";
  readonly negate?: boolean;
}

/** A SecurityPolicy resource with the least that is needed, and what the test is about. */
export function securityPolicy(
  name: string,
  groups: readonly GroupInput[],
  options: {
    readonly mode?: "deny" | "warn" | "audit";
    readonly actions?: readonly string[];
    readonly runtime?: boolean;
    readonly spec?: object;
  } = {},
): BundleObject {
  const { mode, actions = [], runtime = false, spec = {} } = options;
  return {
    apiVersion: "config.stackrox.io/v1alpha1",
    kind: "SecurityPolicy",
    metadata: {
      name,
      namespace: "kinglet",
      ...(mode === undefined ? {} : { annotations: { "kinglet.dev/mode": mode } }),
    },
    spec: {
      policyName: `Policy ${name}`,
      description: `What ${name} is about`,
      rationale: `Why ${name} matters`,
      remediation: `How to do without ${name}`,
      categories: ["Tests"],
      lifecycleStages: [runtime ? "RUNTIME" : "DEPLOY"],
      eventSource: runtime ? "DEPLOYMENT_EVENT" : "NOT_APPLICABLE",
      severity: "HIGH_SEVERITY",
      enforcementActions: actions,
      policySections: [
        {
          sectionName: "",
          policyGroups: groups.map(({ fieldName, values, booleanOperator = "OR", negate = false }) => ({
            fieldName,
            booleanOperator,
            negate,
            values: values.map((value) => ({ value })),
          })),
        },
      ],
      ...spec,
    },
  };
}

/** Denies privileged containers. */
export const noPrivileged: BundleObject = securityPolicy(
  "privileged",
  [{ fieldName: "Privileged Container", values: ["true"] }],
  { actions: ["FAIL_DEPLOYMENT_CREATE_ENFORCEMENT", "FAIL_DEPLOYMENT_UPDATE_ENFORCEMENT"] },
);

/** Warns about containers without a memory limit. */
export const memoryLimit: BundleObject = securityPolicy(
  "memory-limit",
  [{ fieldName: "Container Memory Limit", values: ["0"] }],
  { mode: "warn" },
);

/** Denies exec. */
export const noExec: BundleObject = securityPolicy(
  "exec",
  [{ fieldName: "Kubernetes Resource", values: ["PODS_EXEC"] }],
  {
    actions: ["FAIL_KUBE_REQUEST_ENFORCEMENT"],
    runtime: true,
  },
);
