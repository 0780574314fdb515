import type { Grammar, GrammarProblem } from "./grammar.ts";
import type { GrammarName } from "./grammar-name.ts";
import type { ParsedValue } from "./parsed-value.ts";
import { readComparator } from "./read-comparator.ts";

/** Grammars whose values can be listed. Case does not matter in any of them. @internal */
export function enumerationGrammars(): readonly Grammar[] {
  return [
    enumeration("rbacLevel", "a level of permissions, lowest first", [
      "DEFAULT",
      "ELEVATED_IN_NAMESPACE",
      "ELEVATED_CLUSTER_WIDE",
      "CLUSTER_ADMIN",
    ]),
    enumeration("exposure", "how a port can be reached", ["UNSET", "EXTERNAL", "NODE", "HOST", "INTERNAL", "ROUTE"]),
    enumeration("mountPropagation", "how mounts spread", ["NONE", "HOSTTOCONTAINER", "BIDIRECTIONAL"]),
    enumeration("seccompProfileType", "a kind of seccomp profile", ["UNCONFINED", "RUNTIME_DEFAULT", "LOCALHOST"]),
    enumeration("podOperation", "what is done with a running pod", ["PODS_EXEC", "PODS_PORTFORWARD", "PODS_ATTACH"]),
    enumeration("auditedResource", "a kind of resource in the audit log", [
      "SECRETS",
      "CONFIGMAPS",
      "CLUSTER_ROLES",
      "CLUSTER_ROLE_BINDINGS",
      "NETWORK_POLICIES",
      "SECURITY_CONTEXT_CONSTRAINTS",
      "EGRESS_FIREWALLS",
    ]),
    enumeration("apiVerb", "a verb of the Kubernetes API", ["CREATE", "DELETE", "GET", "PATCH", "UPDATE"]),
    enumeration("fileOperation", "what is done with a file", [
      "OPEN",
      "CREATE",
      "RENAME",
      "UNLINK",
      "OWNERSHIP_CHANGE",
      "PERMISSION_CHANGE",
      "XATTR_CHANGE",
    ]),
    severity(),
    capability("addedCapability", "a Linux capability without CAP_, or ALL"),
    capability("droppedCapability", "a Linux capability without CAP_, or ALL"),
  ];
}

function enumeration(name: GrammarName, description: string, permitted: readonly string[]): Grammar {
  return {
    name,
    description,
    permitted,
    examples: permitted.slice(0, 2),
    parse: (value) => readName(value, permitted),
  };
}

function severity(): Grammar {
  const permitted = ["UNKNOWN", "LOW", "MODERATE", "IMPORTANT", "CRITICAL"];
  return {
    name: "vulnerabilitySeverity",
    description: "a severity of vulnerabilities, with `<`, `<=`, `>` or `>=` before it where wanted",
    permitted,
    examples: [">= IMPORTANT", "CRITICAL"],
    parse(value) {
      const { comparator, rest } = readComparator(value);
      const name = readName(rest, permitted);
      return name.kind === "name" ? { ...name, comparator } : name;
    },
  };
}

function capability(name: GrammarName, description: string): Grammar {
  const permitted = capabilities();
  return {
    name,
    description,
    permitted,
    examples: ["SYS_ADMIN", "ALL"],
    parse(value) {
      const upper = value.toUpperCase();
      const bare = upper.startsWith("CAP_") ? upper.slice(4) : undefined;
      if (bare === undefined || !permitted.includes(bare)) return readName(value, permitted);
      return { kind: "problem", message: `write it without CAP_: ${bare}` };
    },
  };
}

function readName(value: string, permitted: readonly string[]): (ParsedValue & { kind: "name" }) | GrammarProblem {
  const name = value.toUpperCase();
  const rank = permitted.indexOf(name);
  if (rank < 0) return { kind: "problem", message: "is not one of the permitted names" };
  return { kind: "name", comparator: "=", name, rank };
}

/** Linux 6.x; `capabilities(7)`. */
function capabilities(): readonly string[] {
  return (
    "ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH " +
    "FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE " +
    "NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE " +
    "SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM"
  ).split(" ");
}
