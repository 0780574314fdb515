import { loadRuleBooks, type RuleCoverage, type SourceCoverage } from "@kinglet/detection";
import type { ActivityEventKind } from "@kinglet/enrichment";
import type { RuleDefinition } from "@kinglet/policy-engine";
import type { SensorParts } from "../sensor-parts.ts";

const audited: readonly ActivityEventKind[] = [
  "exec",
  "open",
  "network",
  "syscall",
  "symlink",
  "hardlink",
  "bpf",
  "kmod",
  "ptrace",
  "unshare",
  "iouring",
];
/** What sources can bring, by name; policies of Tetragon and rules of auditd decide what they do. */
const kindsOf: ReadonlyMap<string, readonly ActivityEventKind[]> = new Map([
  ["tetragon-file", [...audited, "dns", "capabilities"]],
  ["tetragon-grpc", [...audited, "dns", "capabilities"]],
  ["linux-audit", audited],
]);

/** What is asked of the sensor here. @internal */
export type CoverageParts = {
  readonly opened: { readonly rules?: Pick<NonNullable<SensorParts["opened"]["rules"]>, "rules" | "fallbackFor"> };
  readonly detector: Pick<SensorParts["detector"], "invalidRules" | "seenKinds">;
  readonly source: Pick<SensorParts["source"], "name">;
};

/** The rules that hold, with the built-in one in the place of an invalid one; empty until they are loaded. @internal */
export function rulesInForce({
  opened,
  detector,
}: Pick<CoverageParts, "opened" | "detector">): readonly RuleDefinition[] {
  const room = opened.rules;
  if (room === undefined) return [];
  const invalid = new Set(detector.invalidRules.map(({ ruleId }) => ruleId));
  return room.rules.flatMap((rule) => (invalid.has(rule.id) ? (room.fallbackFor(rule.id) ?? []) : rule));
}

/** Whether the configured sources feed the rules that hold, by id. @internal */
export async function coverageOf(parts: CoverageParts): Promise<ReadonlyMap<string, RuleCoverage>> {
  const rules = rulesInForce(parts);
  if (rules.length === 0) return new Map();
  const { describeCoverage } = await loadRuleBooks();
  const { seenKinds } = parts.detector;
  const sources = parts.source.name.split("+").map((name): SourceCoverage => {
    return { name, kinds: new Set(kindsOf.get(name) ?? []), seenKinds };
  });
  return new Map(describeCoverage(rules, sources).map((coverage) => [coverage.ruleId, coverage]));
}
