import type { GrammarName } from "../grammars/grammar-name.ts";
import type { EventSource } from "../model/policy-names.ts";
import type { Criterion, CriterionFamily, CriterionMatch, CriterionNeed } from "./criterion.ts";
import type { CriterionName } from "./criterion-names.ts";

/** What differs from a criterion that allows everything and needs nothing. @internal */
export interface RowExceptions {
  readonly negation?: false;
  readonly operators?: false;
  readonly enforceable?: false;
  readonly needs?: readonly CriterionNeed[];
}

const plain: Pick<Criterion, keyof RowExceptions> = { negation: true, operators: true, enforceable: true, needs: [] };

/** A row about the workload: usable in every policy that is about workloads. @internal */
export function workloadRow(
  name: CriterionName,
  match: CriterionMatch,
  grammar: GrammarName,
  summary: string,
  exceptions: RowExceptions = {},
): Criterion {
  return { ...row(name, match, grammar, summary, exceptions), family: "deploy", stages: ["DEPLOY", "RUNTIME"] };
}

/** A row about an image: usable when there is no workload yet, too. @internal */
export function imageRow(
  name: CriterionName,
  match: CriterionMatch,
  grammar: GrammarName,
  summary: string,
  exceptions: RowExceptions = {},
): Criterion {
  return { ...workloadRow(name, match, grammar, summary, exceptions), stages: ["BUILD", "DEPLOY", "RUNTIME"] };
}

/** A row about something that happens. @internal */
export function eventRow(
  name: CriterionName,
  family: CriterionFamily,
  match: CriterionMatch,
  grammar: GrammarName,
  eventSources: readonly EventSource[],
  summary: string,
  exceptions: RowExceptions = {},
): Criterion {
  return { ...row(name, match, grammar, summary, exceptions), family, eventSources, stages: ["RUNTIME"] };
}

function row(
  name: CriterionName,
  match: CriterionMatch,
  grammar: GrammarName,
  summary: string,
  exceptions: RowExceptions,
): Omit<Criterion, "family" | "stages"> {
  const { negation, operators, needs, enforceable } = { ...plain, ...exceptions };
  const eventSources = ["NOT_APPLICABLE", "DEPLOYMENT_EVENT"] as const;
  return { name, grammar, match, negation, operators, eventSources, needs, enforceable, summary };
}
