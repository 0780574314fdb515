import { describe, expect, it } from "vitest";

import { criteria, familyOf, grammarOf } from "./criteria.ts";
import { criterionNames } from "./criterion-names.ts";

describe("criteria", () => {
  it("has exactly one row for each of the 79 names", () => {
    expect([...criteria().keys()].toSorted()).toEqual(criterionNames.toSorted());
    expect(criterionNames).toHaveLength(79);
    expect(new Set(criterionNames).size).toBe(79);
  });

  it("is built at the first call, once [policy V-8]", () => {
    expect(criteria()).toBe(criteria());
  });

  it("forbids negation wherever one value alone is allowed, but for the five rows that existing policies negate", () => {
    const both = [...criteria().values()].filter((row) => !row.operators && row.negation).map((row) => row.name);
    expect(both.toSorted()).toEqual([
      "Has Egress Network Policy",
      "Has Ingress Network Policy",
      "Minimum RBAC Permissions",
      "Readiness Probe Defined",
      "Seccomp Profile Type",
    ]);
  });

  it("reads Kubernetes Resource differently in audit-log policies", () => {
    const row = criteria().get("Kubernetes Resource");
    if (row === undefined) throw new Error("no row");
    expect(grammarOf(row, "DEPLOYMENT_EVENT")).toBe("podOperation");
    expect(grammarOf(row, "AUDIT_LOG_EVENT")).toBe("auditedResource");
    expect(familyOf(row, "AUDIT_LOG_EVENT")).toBe("auditLog");
    expect(familyOf(row, "DEPLOYMENT_EVENT")).toBe("kubeEvent");
  });
});
