import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const file = join(import.meta.dirname, "../fixtures/kubernetes-audit/audit.log.gz");

/** Lines of the recorded audit log. */
export function recordedAuditLines(): string[] {
  return gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
}

/** What the webhook backend posts for these lines. */
export function eventList(lines: readonly string[]): string {
  return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${lines.join(",")}]}\n`;
}

/** An event of an exec into a pod as an API server writes it, with changes. */
export function execEvent(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Request",
    auditID: "3a1280c5-74b4-4e55-a27c-2dfc68a19901",
    stage: "ResponseStarted",
    requestURI:
      "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&command=-c&command=ls+%2Fetc&stdin=true&tty=true&container=app",
    verb: "get",
    user: { username: "alice", uid: "u1", groups: ["developers", "system:authenticated"] },
    sourceIPs: ["10.0.0.7"],
    userAgent: "kubectl/v1.36.3",
    objectRef: { resource: "pods", namespace: "shop", name: "web-1", apiVersion: "v1", subresource: "exec" },
    responseStatus: { metadata: {}, code: 101 },
    requestReceivedTimestamp: "2026-11-20T19:52:24.957015Z",
    stageTimestamp: "2026-11-20T19:52:24.959323Z",
    annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    ...changes,
  };
}
