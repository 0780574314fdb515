import type { ActivityEventKind } from "@kinglet/enrichment";
import type { RuleDefinition, RuleEventType } from "@kinglet/policy-engine";

import { ruleEventFields } from "./rule-event.ts";

/** What a configured source can bring. @public */
export interface SourceCoverage {
  /** As people know it, e.g. `tetragon-file`. */
  readonly name: string;
  readonly kinds: ReadonlySet<ActivityEventKind>;
  /** Kinds of which an event has come so far; absent: not known. */
  readonly seenKinds?: ReadonlySet<ActivityEventKind>;
}

/**
 * Whether a rule gets what it judges.
 *
 * `fed`: every kind of event that it has a condition for has a source · `partly`: some have · `unseen`: they have, but no event of these kinds has come
 * so far, as when a policy of Tetragon or a rule of auditd is missing · `blind`: none has · `disabled`: the rule does not run.
 *
 * @public
 */
export interface RuleCoverage {
  readonly ruleId: string;
  readonly ruleName: string;
  readonly state: "fed" | "partly" | "unseen" | "blind" | "disabled";
  /** Sources that bring what it judges. */
  readonly fedBy: readonly string[];
  /** One sentence for people; empty when there is nothing to say. */
  readonly reason: string;
}

/** Fields that no source fills: a rule that needs one never fires. One that says what holds without it does not need it. */
const unseenFields = ["upperlayer", "pupperlayer", "hasTty", "tty", "ttyMajor", "ttyMinor"];

/** What brings events of a kind. */
const remedies: Readonly<Partial<Record<RuleEventType, string>>> = {
  dns: "a source with DNS events: Tetragon with deploy/tetragon",
  capabilities: "a source with capability events: Tetragon with deploy/tetragon",
  randomx: "a source that sees what the processor computes, which none here does",
  http: "a source that reads requests, which none here does",
  ssh: "a source that tells the protocol of connections, which none here does",
  fork: "a source of forks, which none here is",
  procfs: "a source that scans procfs, which none here does",
  "k8s-admission": "the admission-controller, which judges requests by policies",
};

/**
 * Says for every rule whether the configured sources feed it.
 *
 * @returns in the order of the rules.
 * @public
 */
export function describeCoverage(
  rules: readonly RuleDefinition[],
  sources: readonly SourceCoverage[],
): readonly RuleCoverage[] {
  return rules.map((rule) => coverageOf(rule, sources));
}

function coverageOf(rule: RuleDefinition, sources: readonly SourceCoverage[]): RuleCoverage {
  const types = [...new Set(rule.expressions.ruleExpression.map(({ eventType }) => eventType))];
  const feeding = (type: RuleEventType): readonly SourceCoverage[] =>
    sources.filter(({ kinds }) => (type === "all" ? kinds.size > 0 : kinds.has(type as ActivityEventKind)));
  const missing = types.filter((type) => feeding(type).length === 0);
  const fedBy = sources
    .filter((source) => types.some((type) => feeding(type).includes(source)))
    .map(({ name }) => name);
  const said = (state: RuleCoverage["state"], reason: string): RuleCoverage => {
    return { ruleId: rule.id, ruleName: rule.name, state, fedBy: state === "blind" ? [] : fedBy, reason };
  };
  if (!rule.enabled) return said("disabled", `rule ${rule.id} is disabled`);
  const field = unseenFields.find((name) => mentions(rule, name));
  if (field !== undefined) return said("blind", `rule ${rule.id} is blind: no source tells event.${field}`);
  if (missing.length === types.length) return said("blind", `rule ${rule.id} is blind: it needs ${needs(missing)}`);
  if (missing.length > 0) return said("partly", `rule ${rule.id} sees a part: for the rest it needs ${needs(missing)}`);
  const unseen = types.filter((type) => !isSeen(feeding(type), type));
  if (unseen.length < types.length) return said("fed", "");
  const kinds = unseen.join(" and ");
  return said(
    "unseen",
    `rule ${rule.id} has seen no event of kind ${kinds} so far: see docs/rules.md for the policy that it needs`,
  );
}

function mentions(rule: RuleDefinition, field: string): boolean {
  const word = new RegExp(`event\\.${field}\\b`);
  const isOptional = new RegExp(`!has\\(event\\.${field}\\)`);
  return rule.expressions.ruleExpression.some(
    ({ expression }) => word.test(expression) && !isOptional.test(expression),
  );
}

function needs(types: readonly RuleEventType[]): string {
  const known = (type: RuleEventType): string =>
    Object.hasOwn(ruleEventFields, type) ? `a source with events of kind ${type}` : `events of kind ${type}`;
  return types.map((type) => remedies[type] ?? known(type)).join(" and ");
}

function isSeen(sources: readonly SourceCoverage[], type: RuleEventType): boolean {
  return sources.some(
    ({ seenKinds }) => seenKinds === undefined || type === "all" || seenKinds.has(type as ActivityEventKind),
  );
}
