import { readWorkload } from "../../src/security-policy/workload/read-workload.ts";
import type { AuditLogEvent, FileAccessEvent, KubeEvent } from "../../src/security-policy/evaluation/runtime-event.ts";
import type { NetworkFlowEvent, ProcessEvent } from "../../src/security-policy/evaluation/runtime-event.ts";
import type { ImageMetadata, Vulnerability } from "../../src/security-policy/workload/image-metadata.ts";
import type { Workload } from "../../src/security-policy/workload/workload.ts";

type Json = Readonly<Record<string, unknown>>;

/** 21 November 2026, 12:00 UTC. */
export const testNow: number = Date.UTC(2026, 10, 21, 12);

/** Milliseconds since the epoch of so many days before {@link testNow}. */
export function daysAgo(days: number): number {
  return testNow - days * 86_400_000;
}

/** A Deployment with one container `web`; `container`, `pod` and `metadata` add to what it says. */
function deploymentOf(container: Json = {}, pod: Json = {}, metadata: Json = {}, spec: Json = {}): Json {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", namespace: "store", ...metadata },
    spec: {
      ...spec,
      template: {
        metadata: { labels: { app: "shop" } },
        spec: { containers: [{ name: "web", image: "registry.example/team/web:1.2", ...container }], ...pod },
      },
    },
  };
}

/** As {@link deploymentOf}, read. */
export function workloadOf(container: Json = {}, pod: Json = {}, metadata: Json = {}, spec: Json = {}): Workload {
  return readWorkload(deploymentOf(container, pod, metadata, spec)) as Workload;
}

/** A vulnerability nobody would mind; `facts` say what is special. */
export function vulnerabilityOf(facts: Partial<Vulnerability> = {}): Vulnerability {
  return {
    id: "CVE-2020-0001",
    cvss: 2,
    nvdCvss: 2,
    severity: "LOW",
    fixedBy: "",
    firstSeenInImage: daysAgo(1),
    firstSeenInSystem: daysAgo(1),
    published: daysAgo(1),
    fixAvailable: undefined,
    isSuppressed: false,
    ...facts,
  };
}

/** An image with one component, which has these vulnerabilities. */
export function imageOf(
  parts: Partial<NonNullable<ImageMetadata["config"]>> = {},
  vulnerabilities: readonly Vulnerability[] = [],
  more: Partial<ImageMetadata> = {},
): ImageMetadata {
  return {
    config: { created: daysAgo(1), user: "app", labels: new Map(), layers: [], ...parts },
    scan: {
      scanned: daysAgo(1),
      operatingSystem: "debian:13",
      components: [{ name: "openssl", version: "3.0", vulnerabilities }],
    },
    verifiedBy: [],
    ...more,
  };
}

/** A shell in container `web`. */
export function processOf(facts: Partial<ProcessEvent["process"]> = {}): ProcessEvent {
  return {
    kind: "process",
    containerName: "web",
    process: {
      name: "sh",
      path: "/bin/sh",
      arguments: "-c true",
      uid: 1000,
      ancestors: ["/usr/bin/node"],
      isInBaseline: true,
      ...facts,
    },
  };
}

/** A flow inside the baseline. */
export function flowOf(facts: Partial<NetworkFlowEvent> = {}): NetworkFlowEvent {
  return {
    kind: "networkFlow",
    source: "store/shop",
    destination: "store/db",
    port: 5432,
    protocol: "TCP",
    isInBaseline: true,
    ...facts,
  };
}

/** An exec by `jane`. */
export function execOf(facts: Partial<KubeEvent> = {}): KubeEvent {
  return {
    kind: "kubeEvent",
    resource: "PODS_EXEC",
    pod: "shop-1",
    namespace: "store",
    containerName: "web",
    commands: ["sh"],
    ports: [],
    user: "jane",
    groups: ["dev"],
    impersonatedUser: "",
    ...facts,
  };
}

/** A secret read by `jane`. */
export function auditOf(facts: Partial<AuditLogEvent> = {}): AuditLogEvent {
  return {
    kind: "auditLog",
    resource: "SECRETS",
    name: "db",
    namespace: "store",
    verb: "GET",
    user: "jane",
    groups: ["dev"],
    impersonatedUser: "",
    sourceIps: ["192.0.2.7"],
    userAgent: "kubectl/1.34",
    requestUri: "/api/v1/namespaces/store/secrets/db",
    ...facts,
  };
}

/** A file opened by the shell of {@link processOf}. */
export function fileAccessOf(facts: Partial<FileAccessEvent> = {}): FileAccessEvent {
  return {
    kind: "fileAccess",
    operation: "OPEN",
    path: "/etc/passwd",
    movedTo: "",
    containerName: "web",
    process: processOf().process,
    ...facts,
  };
}
