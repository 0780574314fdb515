import type { PolicyMode, PolicyVerdict, SecurityPolicy } from "@kinglet/policy-engine/security-policy";
import { enforcementMode } from "./enforcement-mode.ts";

/** A violated policy and what it does. @public */
export interface Finding {
  readonly verdict: PolicyVerdict;
  readonly mode: PolicyMode;
}

/**
 * What evaluation found, by what it leads to.
 *
 * @public
 */
export interface Findings {
  readonly denied: readonly Finding[];
  readonly warned: readonly Finding[];
  readonly audited: readonly Finding[];
  /** Could not be evaluated: never counted as passed. */
  readonly pending: readonly PolicyVerdict[];
}

/** @internal */
export function sortFindings(verdicts: readonly PolicyVerdict[], operation: string, defaultMode: PolicyMode): Findings {
  const denied: Finding[] = [];
  const warned: Finding[] = [];
  const audited: Finding[] = [];
  const pending: PolicyVerdict[] = [];
  for (const verdict of verdicts) {
    if (verdict.outcome === "notEvaluated") pending.push(verdict);
    if (verdict.outcome !== "violated") continue;
    const mode = enforcementMode(verdict.policy, operation, defaultMode);
    const list = mode === "deny" ? denied : mode === "warn" ? warned : audited;
    list.push({ verdict, mode });
  }
  return { denied, warned, audited, pending };
}

/** The verdicts of a second look in place of those of the first. @internal */
export function mergeVerdicts(
  first: readonly PolicyVerdict[],
  second: readonly PolicyVerdict[],
): readonly PolicyVerdict[] {
  if (second.length === 0) return first;
  const newer = new Map<SecurityPolicy, PolicyVerdict>();
  for (const verdict of second) newer.set(verdict.policy, verdict);
  return first.map((verdict) => newer.get(verdict.policy) ?? verdict);
}
