import type { PolicyVerdict } from "@kinglet/policy-engine/security-policy";
import { shorten } from "../review/answer.ts";
import { breakGlassAnnotations } from "./bypass.ts";
import type { Finding, Findings } from "./findings.ts";

/** Width at which texts are wrapped, characters. */
const width = 96;
/** Violations that are listed per policy. */
const maxViolations = 10;
/** Policies that are listed. */
const maxPolicies = 20;
/** The whole message, characters: the API server passes it on as it is. */
const maxMessage = 16_000;

/**
 * What the user of a refused request reads: a line break, a heading, each policy with its texts and violations, what was not evaluated, the way out.
 *
 * @param options - `heading`: what was refused; `showsBreakGlass`: whether to name the annotation that lets the object through.
 *
 * @internal
 */
export function renderRefusal(
  findings: readonly Finding[],
  options: {
    readonly heading: string;
    readonly notEvaluated: number;
    readonly showsBreakGlass: boolean;
  },
): string {
  const parts = [`\n${options.heading}\n`];
  for (const { verdict } of findings.slice(0, maxPolicies)) parts.push(renderPolicy(verdict));
  if (findings.length > maxPolicies)
    parts.push(`and ${countOf(findings.length - maxPolicies, "more policy", "more policies")}\n`);
  if (options.notEvaluated > 0) {
    const one = "1 further policy could not be evaluated, because what it needs is not known here.";
    const many = `${options.notEvaluated} further policies could not be evaluated, because what they need is not known here.`;
    parts.push(`${options.notEvaluated === 1 ? one : many}\n`);
  }
  if (options.showsBreakGlass) {
    parts.push(
      "In an emergency the annotation below lets the object through; its use is recorded.\n" +
        `    ${breakGlassAnnotations[0]}: ticket-1234\n`,
    );
  }
  const text = parts.join("\n").trimEnd();
  return `${text.length <= maxMessage ? text : `${text.slice(0, maxMessage - 3)}...`}\n\n`;
}

/** What the API server's audit log keeps: names of violated policies, and how many could not be evaluated. @internal */
export function auditAnnotationsOf({ denied, warned, audited, pending }: Findings): Readonly<Record<string, string>> {
  const violated = [...denied, ...warned, ...audited].map(({ verdict }) => verdict.policy.name);
  return {
    ...(violated.length === 0 ? {} : { "violated-policies": violated.join(", ").slice(0, 1024) }),
    ...(pending.length === 0 ? {} : { "policies-not-evaluated": String(pending.length) }),
  };
}

function renderPolicy(verdict: PolicyVerdict): string {
  const { policy, violations } = verdict;
  const lines = [`Policy: ${shorten(policy.name, 200)}`];
  for (const [title, text] of [
    ["Description", policy.description],
    ["Rationale", policy.rationale],
    ["Remediation", policy.remediation],
  ] as const) {
    if (text.trim() !== "") lines.push(...wrap(`${title}: ${text}`, "  -> ", "     "));
  }
  lines.push("  Violations:");
  for (const { message } of violations.slice(0, maxViolations)) lines.push(`    * ${shorten(message, 400)}`);
  if (violations.length > maxViolations) lines.push(`    * and ${violations.length - maxViolations} more`);
  return `${lines.join("\n")}\n`;
}

/** A line per warned policy: its name and its first violation. @internal */
export function renderWarnings(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ verdict: { policy, violations } }) => {
    const [first] = violations;
    const more = violations.length > 1 ? ` (+${violations.length - 1})` : "";
    return `${shorten(policy.name, 50)}: ${first === undefined ? "violated" : shorten(first.message, 56)}${more}`;
  });
}

/** `1 policy`, `2 policies`. @internal */
export function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function wrap(text: string, first: string, rest: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of shorten(text, 2000).split(" ")) {
    if (word === "") continue;
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  lines.push(line);
  return lines;
}
