import type { ActivityEvent, ExecEvent, NetworkEvent } from "@kinglet/enrichment";
import { profileDependency, type RuleDefinition } from "@kinglet/policy-engine";
import { isWildcardArgument, isWildcardName, isWildcardPath } from "@kinglet/profile/matching";
import { createAlertId } from "./alert-id.ts";
import type { AlertAllowance } from "./alert.ts";
import { allowedArguments, allowedText } from "./allowed-arguments.ts";
import { commOf } from "./comm-of.ts";

/**
 * The entry of a profile that would have kept this rule silent about this event: a policy for the process where the rule heeds policies,
 * else what the event did, as learning would have recorded it.
 *
 * An argument that is redacted stands as the wildcard for one argument: a password belongs neither into alerts nor into profiles.
 *
 * @param silences - whether the rule would have been silent with that entry: a rule may ask for nothing of the kind, and an entry that it does not ask for
 * would silence others.
 * @returns undefined when no profile can allow it: the rule does not ask the profile about what the event did, or the name of that is a wildcard of
 * profiles, so that an entry with it would allow others, too.
 *
 * @internal
 */
export function findAllowance(
  rule: RuleDefinition,
  event: ActivityEvent,
  silences: (allowance: AlertAllowance) => boolean = isTrue,
): AlertAllowance | undefined {
  if (rule.supportPolicy && event.binary !== "") {
    return {
      path: "spec.rulePolicies",
      entry: { [rule.id]: { processAllowed: [commOf(event.binary)], containerAllowed: false } },
    };
  }
  if (rule.profileDependency === profileDependency.notRequired) return undefined;
  return allowancesFor(event).find(silences);
}

function isTrue(): boolean {
  return true;
}

/** What a profile can say of the event, what rules over such events most often ask about first. */
function allowancesFor(event: ActivityEvent): readonly AlertAllowance[] {
  switch (event.kind) {
    case "exec":
      return execution(event);
    case "open":
      return opening(event.path, event.flags);
    case "symlink":
    case "hardlink":
      return [...opening(event.oldPath, []), ...opening(event.newPath, [])];
    case "network":
      return [{ path: `spec.${event.direction}`, entry: neighborOf(event) }];
    case "dns":
      return isWildcardName(event.name)
        ? []
        : [{ path: "spec.egress", entry: neighbor({ dnsNames: [event.name], ports: [] }) }];
    case "capabilities":
      return [{ path: "spec.capabilities", entry: event.capability }, ...call(event.syscall)];
    case "syscall":
      return call(event.name);
    case "bpf":
    case "unshare":
    case "ptrace":
    case "kmod":
    case "iouring":
      return [...call(event.syscallName), ...call(defaultCall[event.kind])];
    default:
      return [];
  }
}

/** The format of profiles knows no way to say that a program is really called `*`, or an argument `\u22ef`. */
function execution(event: ExecEvent): readonly AlertAllowance[] {
  const { binary, argv } = event;
  if (isWildcardPath(binary) || argv?.some(isWildcardArgument) === true) return [];
  const { args, ...shortened } = argv === undefined ? allowedText(event) : allowedArguments(argv);
  return [{ path: "spec.execs", entry: { path: binary, args }, ...shortened }, ...opening(binary, [])];
}

function opening(path: string, flags: readonly string[]): readonly AlertAllowance[] {
  return path === "" || isWildcardPath(path) ? [] : [{ path: "spec.opens", entry: { path, flags } }];
}

function call(name: string): readonly AlertAllowance[] {
  return name === "" ? [] : [{ path: "spec.syscalls", entry: name }];
}

/** What the kernel function of a hook is called for, where the source names no call. */
const defaultCall = {
  bpf: "bpf",
  unshare: "unshare",
  ptrace: "ptrace",
  kmod: "init_module",
  iouring: "io_uring_setup",
} as const;

/** Some hooks do not tell the protocol: a port without one is none, and the address alone says what there is to say. */
function neighborOf({ address, port, protocol }: NetworkEvent): unknown {
  const ports = port < 0 || protocol === "" ? [] : [{ name: `${protocol}-${port}`, protocol, port }];
  return neighbor({ ipAddress: address, ports });
}

/** Which of the cluster's pods and services the address belongs to is not known here; `external` is what learning writes then. */
function neighbor(fields: object): unknown {
  return { identifier: createAlertId("neighbor", "", JSON.stringify(fields)), type: "external", ...fields };
}
