import type { OtherEventKind, RuntimeEventKind } from "@kinglet/enrichment";

/** What a member of the union is before anybody looks inside. @internal */
export type MemberKind = "exec" | "exit" | OtherEventKind;

/**
 * Members of Tetragon's event union and what they are called here.
 *
 * @see cilium/tetragon `api/v1/tetragon/events.proto`, message GetEventsResponse (v1.7.0)
 * @internal
 */
export const kindByMember: ReadonlyMap<string, MemberKind> = new Map<string, MemberKind>([
  ["process_exec", "exec"],
  ["process_exit", "exit"],
  ["process_kprobe", "kprobe"],
  ["process_tracepoint", "tracepoint"],
  ["process_loader", "loader"],
  ["process_uprobe", "uprobe"],
  ["process_usdt", "usdt"],
  ["process_lsm", "lsm"],
  ["process_throttle", "throttle"],
  ["rate_limit_info", "rateLimit"],
]);

/** Members of the envelope that are not the event. @internal */
export const envelopeMembers: ReadonlySet<string> = new Set([
  "node_name",
  "time",
  "aggregation_info",
  "cluster_name",
  "node_labels",
]);

/** Members in which a hook of a policy reports what a process did. @internal */
export const activityMembers: ReadonlySet<MemberKind> = new Set<MemberKind>([
  "kprobe",
  "tracepoint",
  "lsm",
  "loader",
  "uprobe",
]);

/** True when somebody asks for more than executions, exits and what is passed on as it came. @internal */
export function asksForActivities(kinds: ReadonlySet<RuntimeEventKind> | undefined): boolean {
  if (kinds === undefined) return true;
  const members = new Set<RuntimeEventKind>(kindByMember.values());
  for (const kind of kinds) {
    if (!members.has(kind)) return true;
  }
  return false;
}
