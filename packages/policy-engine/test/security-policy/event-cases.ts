import type { RuntimeSubject } from "../../src/security-policy/evaluation/policy-set.ts";
import type { CriterionCase } from "./criterion-case.ts";
import { booleanCase as booleans, textCase as texts } from "./criterion-case.ts";
import { auditOf, execOf, fileAccessOf, flowOf, processOf, workloadOf } from "./subjects.ts";

const event = (happened: RuntimeSubject["event"]): RuntimeSubject => ({ workload: workloadOf(), event: happened });

/** A case for each criterion about what happens. */
export const eventCases: Readonly<Record<string, CriterionCase>> = {
  "Process Ancestor": {
    ...texts,
    value: ".*/java",
    violating: event(processOf({ ancestors: ["/usr/bin/java"] })),
    passing: event(processOf({ ancestors: [".*/javac"] })),
    message: 'process "/bin/sh" ran in container "web" as user 1000 with arguments "-c true"',
  },
  "Process Arguments": {
    ...texts,
    value: "10250",
    violating: event(processOf({ arguments: "-k https://node:10250/pods" })),
    passing: event(processOf({ arguments: "-k https://node/pods" })),
    message: 'process "/bin/sh" ran in container "web" as user 1000 with arguments "-k https://node:10250/pods"',
  },
  "Process Name": {
    ...texts,
    value: "sh|bash",
    violating: event(processOf()),
    passing: event(processOf({ name: "zsh" })),
    message: 'process "/bin/sh" ran in container "web" as user 1000 with arguments "-c true"',
  },
  "Process UID": {
    ...texts,
    value: "1",
    violating: event(processOf({ uid: 1 })),
    passing: event(processOf({ uid: 1000 })),
    message: 'process "/bin/sh" ran in container "web" as user 1 with arguments "-c true"',
  },
  "Unexpected Network Flow Detected": {
    ...booleans,
    violating: event(flowOf({ isInBaseline: false })),
    passing: event(flowOf()),
    message: 'unexpected flow from "store/shop" to "store/db", port 5432, protocol "TCP"',
  },
  "Unexpected Process Executed": {
    ...booleans,
    violating: event(processOf({ isInBaseline: false })),
    passing: event(processOf()),
    message: 'unexpected process "/bin/sh" ran in container "web" as user 1000 with arguments "-c true"',
  },
  "Kubernetes API Verb": {
    value: "GET",
    violating: event(auditOf()),
    passing: event(auditOf({ verb: "DELETE" })),
    message: '"GET" of "SECRETS" "db" in namespace "store" was requested',
    malformed: "LIST",
    eventSource: "AUDIT_LOG_EVENT",
  },
  "Kubernetes Resource": {
    value: "PODS_EXEC",
    violating: event(execOf()),
    passing: event(execOf({ resource: "PODS_ATTACH" })),
    message: 'exec into pod "shop-1", container "web", command "sh"',
    malformed: "SECRETS",
  },
  "Kubernetes User Name": {
    value: "jane",
    violating: event(execOf()),
    passing: event(execOf({ user: "janet" })),
    message: 'exec into pod "shop-1", container "web", command "sh"',
    malformed: "r/jane",
  },
  "Kubernetes User Groups": {
    value: "dev",
    violating: event(
      execOf({ groups: ["ops", "dev"], resource: "PODS_PORTFORWARD", ports: [80, 443], containerName: "" }),
    ),
    passing: event(execOf({ groups: ["developers"] })),
    message: 'port-forward to pod "shop-1", ports 80, 443',
    malformed: "-dev",
  },
  "Kubernetes Resource Name": {
    ...texts,
    value: "db",
    violating: event(auditOf()),
    passing: event(auditOf({ name: "db2" })),
    message: '"GET" of "SECRETS" "db" in namespace "store" was requested',
    eventSource: "AUDIT_LOG_EVENT",
  },
  "Source IP Address": {
    value: "192.0.2.7",
    violating: event(auditOf()),
    passing: event(auditOf({ sourceIps: ["192.0.2.77"] })),
    message: '"GET" of "SECRETS" "db" in namespace "store" was requested',
    malformed: "somewhere",
    eventSource: "AUDIT_LOG_EVENT",
  },
  "User Agent": {
    ...texts,
    value: "kubectl",
    violating: event(auditOf()),
    passing: event(auditOf({ userAgent: "helm" })),
    message: '"GET" of "SECRETS" "db" in namespace "store" was requested',
    eventSource: "AUDIT_LOG_EVENT",
  },
  "Is Impersonated User": {
    ...booleans,
    violating: event(auditOf({ impersonatedUser: "admin", namespace: "" })),
    passing: event(auditOf()),
    message: '"GET" of "SECRETS" "db" was requested',
    eventSource: "AUDIT_LOG_EVENT",
  },
  "File Path": {
    value: "/etc/**",
    violating: event(fileAccessOf()),
    passing: event(fileAccessOf({ path: "/etcetera" })),
    message: 'file "/etc/passwd" was opened',
    malformed: "etc/passwd",
  },
  "File Operation": {
    value: "RENAME",
    violating: event(fileAccessOf({ operation: "RENAME", movedTo: "/tmp/p" })),
    passing: event(fileAccessOf()),
    message: 'file "/etc/passwd" was renamed to "/tmp/p"',
    malformed: "MOVE",
  },
};
