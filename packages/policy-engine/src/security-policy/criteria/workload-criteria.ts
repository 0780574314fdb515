import type { Criterion } from "./criterion.ts";
import { workloadRow as row, type RowExceptions } from "./criterion-row.ts";

/** The rows about the workload, its pods and containers. @internal */
export function workloadCriteria(): readonly Criterion[] {
  const positive: RowExceptions = { negation: false };
  const single: RowExceptions = { negation: false, operators: false };
  return [
    row("Container Name", "wholeText", "text", "the name of a container matches"),
    row("Privileged Container", "boolean", "boolean", "a container is privileged, or is not", single),
    row("Allow Privilege Escalation", "boolean", "boolean", "a process may gain privileges, or may not", single),
    row("Read-Only Root Filesystem", "boolean", "boolean", "the root file system is read-only, or writable", single),
    row("Add Capabilities", "capabilities", "addedCapability", "a container adds the capability", positive),
    row("Drop Capabilities", "capabilities", "droppedCapability", "a container does not drop the capability", positive),
    row("Seccomp Profile Type", "enumeration", "seccompProfileType", "a container runs under that kind of profile", {
      operators: false,
    }),
    row("AppArmor Profile", "wholeText", "text", "the AppArmor profile of a container matches"),
    row("Environment Variable", "compound", "environmentVariable", "a container has such a variable", positive),
    row("Container CPU Request", "number", "comparison", "a container requests so many cores", positive),
    row("Container CPU Limit", "number", "comparison", "a container is limited to so many cores", positive),
    row("Container Memory Request", "number", "comparison", "a container requests so many MB", positive),
    row("Container Memory Limit", "number", "comparison", "a container is limited to so many MB", positive),
    row("Liveness Probe Defined", "boolean", "boolean", "a container has a liveness probe, or has none", single),
    row("Readiness Probe Defined", "boolean", "boolean", "a container has a readiness probe, or has none", {
      operators: false,
    }),
    row("Exposed Port", "number", "comparison", "a container exposes such a port"),
    row("Exposed Port Protocol", "exactText", "text", "a container exposes a port of that protocol"),
    row("Volume Name", "wholeText", "text", "the name of a volume matches"),
    row("Volume Source", "wholeText", "text", "the source of a volume (path, claim, secret …) matches"),
    row("Volume Destination", "wholeText", "text", "the path at which a volume is mounted matches"),
    row("Volume Type", "wholeText", "text", "the type of a volume matches"),
    row("Mount Propagation", "enumeration", "mountPropagation", "a volume is mounted with that propagation"),
    row("Writable Mounted Volume", "boolean", "boolean", "a volume is mounted writable, or read-only", single),
    row("Writable Host Mount", "boolean", "boolean", "a path of the host is mounted writable, or read-only", single),
    row("Host Network", "boolean", "boolean", "the pod uses the network of the host, or its own", single),
    row("Host PID", "boolean", "boolean", "the pod sees the processes of the host, or does not", single),
    row("Host IPC", "boolean", "boolean", "the pod shares the IPC of the host, or does not", single),
    row("Runtime Class", "wholeText", "text", "the runtime class matches"),
    row("Service Account", "wholeText", "text", "the name of the service account matches"),
    row("Automount Service Account Token", "boolean", "boolean", "the account's token is mounted, or is not", single),
    row("Namespace", "wholeText", "text", "the namespace matches"),
    row("Replicas", "number", "comparison", "the workload asks for so many replicas"),
    row("Required Label", "mapContains", "keyValue", "the workload lacks the label", positive),
    row("Required Annotation", "mapContains", "keyValue", "the workload lacks the annotation", positive),
    row("Disallowed Annotation", "mapLacks", "text", "the workload has the annotation", positive),
    row("Exposed Node Port", "number", "comparison", "a service exposes the workload on such a port of every node", {
      needs: ["services"],
    }),
    row("Port Exposure Method", "enumeration", "exposure", "a port of the workload is reachable that way", {
      needs: ["services"],
    }),
    row("Minimum RBAC Permissions", "atLeast", "rbacLevel", "the service account may do at least that much", {
      needs: ["rbac"],
      operators: false,
    }),
    row("Has Ingress Network Policy", "boolean", "boolean", "a NetworkPolicy governs what comes in, or none does", {
      needs: ["networkPolicies"],
      operators: false,
      enforceable: false,
    }),
    row("Has Egress Network Policy", "boolean", "boolean", "a NetworkPolicy governs what goes out, or none does", {
      needs: ["networkPolicies"],
      operators: false,
      enforceable: false,
    }),
  ];
}
