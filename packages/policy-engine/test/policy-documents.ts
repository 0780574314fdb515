import { readSecurityPolicy, type PolicyProblem } from "../src/security-policy/index.ts";

/** JSON of which the compiler knows nothing. */
export type Loose = Record<string, unknown>;

/** A criterion with its values. */
export const group = (fieldName: string, ...values: string[]): Loose => ({
  fieldName,
  values: values.map((value) => ({ value })),
});
/** A spec with one section. */
export const sectionsOf = (...groups: Loose[]): Loose => ({ policySections: [{ policyGroups: groups }] });
/** A spec of a RUNTIME policy. */
export const runtime = (eventSource = "DEPLOYMENT_EVENT"): Loose => ({ lifecycleStages: ["RUNTIME"], eventSource });
/** A criterion that is right. */
export const privileged: Loose = group("Privileged Container", "true");
/** A spec of an audit-log policy that is right. */
export const audit: Loose = {
  ...runtime("AUDIT_LOG_EVENT"),
  ...sectionsOf(group("Kubernetes Resource", "SECRETS"), group("Kubernetes API Verb", "GET")),
};

/** A policy that is right, with some of its spec replaced. */
export function resource(spec: Loose = {}, rest: Loose = {}): Loose {
  return {
    apiVersion: "config.stackrox.io/v1alpha1",
    kind: "SecurityPolicy",
    metadata: { name: "no-privileged", namespace: "policies", uid: "u-1" },
    spec: {
      policyName: "No privileged containers",
      categories: ["Privileges"],
      lifecycleStages: ["DEPLOY"],
      severity: "HIGH_SEVERITY",
      ...sectionsOf(privileged),
      ...spec,
    },
    ...rest,
  };
}

/** Level, path and last word of the code of each problem. */
export function summary(problems: readonly PolicyProblem[]): readonly string[] {
  return problems.map(({ level, path, code }) => `${level} ${path} ${code.replace(/^.*_POLICY_/, "")}`);
}

/** The problems of a resource with that spec. */
export const problemsOf = (spec: Loose): readonly string[] => summary(readSecurityPolicy(resource(spec)).problems);
