import type { PolicyVerdict } from "@kinglet/policy-engine/security-policy";
import type { Answer, Outcome } from "../review/answer.ts";
import type { BypassReason } from "./bypass.ts";
import type { DecisionEnvironment } from "./decision-environment.ts";
import type { Decision } from "./decision.ts";
import { sortFindings } from "./findings.ts";

/** What the user reads of what is followed in the cluster. */
const words: Readonly<Partial<Record<PolicyVerdict["missing"][number], string>>> = {
  namespaceLabels: "the labels of its namespace",
  networkPolicies: "the network policies of its namespace",
  services: "the services of its namespace",
  rbac: "the permissions of its service account",
};

const nothingFound = { findings: [], notEvaluated: 0, imageFetches: 0, subject: undefined } as const;

/** Allowed without evaluation. @internal */
export function bypassed(reason: BypassReason): Decision {
  return {
    ...nothingFound,
    answer: {
      allowed: true,
      outcome: "bypassed",
      reason,
      message: "",
      warnings: [],
      auditAnnotations: { bypass: reason },
    },
  };
}

/**
 * Why policies that could refuse had no say although what they need is usually there: it was on its way, or could not be fetched. Empty when nothing is lacking that
 * way: what nobody provides (no source of images, cluster data switched off) lacks always, and such policies are told as not evaluated.
 *
 * @param pending - policies that could not be evaluated.
 * @param lacks - what was found out about each need; undefined or empty where nothing was.
 *
 * @internal
 */
export function undecidedBecause(
  pending: readonly PolicyVerdict[],
  operation: string,
  environment: DecisionEnvironment,
  lacks: Readonly<Partial<Record<PolicyVerdict["missing"][number], string>>>,
): string {
  const asViolated = pending.map((verdict): PolicyVerdict => ({ ...verdict, outcome: "violated" }));
  for (const { verdict } of sortFindings(asViolated, operation, environment.defaultMode).denied) {
    for (const need of verdict.missing) {
      const why = lacks[need] ?? "";
      if (why !== "") return why;
      if (environment.isFollowed(need)) return `${words[need] ?? need} are not known yet`;
    }
  }
  return "";
}

/**
 * A decision that nothing refused, although policies that could refuse lacked what they need: the configured default. Where that allows, the answer says so and is
 * counted as one that was not decided.
 *
 * @param why - from {@link undecidedBecause}; empty leaves the decision as it is.
 *
 * @internal
 */
export function withDefault(decision: Decision, onTimeout: "allow" | "deny", why: string): Decision {
  if (why === "" || !decision.answer.allowed) return decision;
  const answer = defaultAnswer(onTimeout, "deadline", why);
  const { warnings, auditAnnotations } = decision.answer;
  return {
    ...decision,
    answer: {
      ...answer,
      warnings: [...warnings, ...answer.warnings],
      auditAnnotations: { ...auditAnnotations, ...answer.auditAnnotations },
    },
  };
}

/** @internal */
export function defaultAnswer(onTimeout: "allow" | "deny", outcome: Outcome, why: string): Answer {
  const allowed = onTimeout === "allow";
  return {
    allowed,
    outcome,
    reason: why,
    message: allowed
      ? ""
      : `Kinglet could not evaluate this request: ${why}. It is configured to refuse in that case; try again.`,
    warnings: [`Kinglet did not evaluate this request: ${why}.`],
    auditAnnotations: { undecided: why },
  };
}
