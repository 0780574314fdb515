import type { Finding } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import type { AuditEvent } from "@kinglet/kube-sim";
import { apiCall, apiRequest, createPod, openSimCluster, podObject } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { AuditIntake } from "../src/kubernetes-audit/audit-intake.ts";
import { createKubernetesAuditRoute } from "../src/kubernetes-audit/create-kubernetes-audit-route.ts";
import { eventList } from "./recorded-audit-events.ts";

describe("createKubernetesAuditRoute", () => {
  it("judges what a simulated API server writes [kubernetes-audit sim]", async () => {
    const events: AuditEvent[] = [];
    const policy = {
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived"],
      rules: [
        { level: "RequestResponse", resources: [{ group: "", resources: ["pods", "pods/*", "nodes/proxy"] }] },
        { level: "None" },
      ],
    } as const;
    await using cluster = await openSimCluster({ audit: { policy, write: (event) => events.push(event) } });
    await createPod(cluster, podObject({ name: "web-1" }));
    const pod = "/api/v1/namespaces/default/pods/web-1";
    await apiRequest(cluster, "POST", `${pod}/exec?command=id&container=app&stdout=true`);
    await apiRequest(cluster, "POST", `${pod}/attach?container=app`);
    await apiRequest(cluster, "POST", `${pod}/portforward?ports=80`);
    const spec = { ephemeralContainers: [{ name: "dbg", image: "debug:1" }] };
    await apiCall(cluster, "PATCH", `${pod}/ephemeralcontainers`, { spec }, "application/strategic-merge-patch+json");
    const findings: Finding[] = [];
    const route = createKubernetesAuditRoute({
      intake: new AuditIntake({ metrics: noopMetrics, clock: systemClock }),
      queue: { offer: (finding) => findings.push(finding) > 0 },
    });
    const reader = route.open();
    reader.push(Buffer.from(eventList(events.map((event) => JSON.stringify(event)))));
    expect(reader.end()).toBeUndefined();
    expect(
      findings.map(({ ruleId, podName, details }) => [
        ruleId,
        podName,
        details["command"] ?? details["ports"] ?? details["image"] ?? "",
      ]),
    ).toEqual([
      ["R2000", "web-1", "id"],
      ["K2000", "web-1", ""],
      ["R2001", "web-1", "80"],
      ["K2001", "web-1", "debug:1"],
    ]);
  });
});
