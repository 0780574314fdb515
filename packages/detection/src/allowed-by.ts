import type { ActivityEvent, NetworkEvent } from "@kinglet/enrichment";
import { profileDependency, type RuleDefinition } from "@kinglet/policy-engine";
import { ANY_ARGUMENTS, isWildcardArgument, isWildcardName, isWildcardPath } from "@kinglet/profile/matching";
import { createAlertId } from "./alert-id.ts";
import type { AlertAllowance } from "./alert.ts";
import { allowedArguments, type AllowedArguments } from "./allowed-arguments.ts";
import { commOf } from "./comm-of.ts";

/**
 * The entry of a profile that would have kept this rule silent about this event: a policy for the process where the rule heeds policies,
 * else what the event did, as learning would have recorded it.
 *
 * An argument that is redacted stands as the wildcard for one argument: a password belongs neither into alerts nor into profiles.
 *
 * @returns undefined when no profile can allow it: the rule does not ask the profile, or the name of what the event did is a wildcard of profiles, so that
 * an entry with it would allow others, too.
 *
 * @internal
 */
export function findAllowance(rule: RuleDefinition, event: ActivityEvent): AlertAllowance | undefined {
  if (rule.supportPolicy && event.binary !== "") {
    return {
      path: "spec.rulePolicies",
      entry: { [rule.id]: { processAllowed: [commOf(event.binary)], containerAllowed: false } },
    };
  }
  if (rule.profileDependency === profileDependency.notRequired || isWildcard(event)) return undefined;
  switch (event.kind) {
    case "exec": {
      const { args, ...shortened } = event.argv === undefined ? anyArguments : allowedArguments(event.argv);
      return { path: "spec.execs", entry: { path: event.binary, args }, ...shortened };
    }
    case "open":
      return { path: "spec.opens", entry: { path: event.path, flags: event.flags } };
    case "network":
      return { path: `spec.${event.direction}`, entry: neighborOf(event) };
    case "dns":
      return { path: "spec.egress", entry: neighbor({ dnsNames: [event.name] }) };
    case "capabilities":
      return { path: "spec.capabilities", entry: event.capability };
    case "syscall":
      return { path: "spec.syscalls", entry: event.name };
    case "bpf":
    case "unshare":
    case "ptrace":
    case "kmod":
    case "iouring":
      return { path: "spec.syscalls", entry: event.syscallName === "" ? defaultCall[event.kind] : event.syscallName };
    default:
      return undefined;
  }
}

/** The format of profiles knows no way to say that a file is really called `*`. */
function isWildcard(event: ActivityEvent): boolean {
  if (event.kind === "open") return isWildcardPath(event.path);
  if (event.kind === "dns") return isWildcardName(event.name);
  if (event.kind !== "exec") return false;
  return isWildcardPath(event.binary) || (event.argv?.some(isWildcardArgument) ?? false);
}

/** Of an execution whose arguments nobody can tell apart. */
const anyArguments: AllowedArguments = { args: [ANY_ARGUMENTS], isShortened: true };

const defaultCall = {
  bpf: "bpf",
  unshare: "unshare",
  ptrace: "ptrace",
  kmod: "init_module",
  iouring: "io_uring_setup",
} as const;

function neighborOf({ address, port, protocol }: NetworkEvent): unknown {
  const ports = port < 0 ? [] : [{ name: `${protocol}-${port}`, protocol, port }];
  return neighbor({ ipAddress: address, ports });
}

/** Which of the cluster's pods and services the address belongs to is not known here; `external` is what learning writes then. */
function neighbor(fields: object): unknown {
  return { identifier: createAlertId("neighbor", "", JSON.stringify(fields)), type: "external", ...fields };
}
