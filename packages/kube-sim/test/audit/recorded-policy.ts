import type { AuditPolicy } from "../../src/index.ts";

/** What the real server recorded its events under: what is read at Request, what runs and who may do what at RequestResponse. */
export const RECORDED_POLICY: AuditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "Metadata", resources: [{ resources: ["secrets", "serviceaccounts/token"] }] },
    { level: "Request", verbs: ["get", "list", "watch"] },
    { level: "Metadata", resources: [{ resources: ["pods/status"] }] },
    {
      level: "RequestResponse",
      resources: [{ resources: ["pods", "pods/*"] }, { group: "apps" }, { group: "rbac.authorization.k8s.io" }],
    },
    { level: "Metadata" },
  ],
};
