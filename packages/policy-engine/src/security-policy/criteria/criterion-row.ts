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

/** A row about the workload or its images: usable in every policy that is about workloads. @internal */
export function deployRow(
  name: CriterionName,
  match: CriterionMatch,
  grammar: GrammarName,
  summary: string,
  exceptions: RowExceptions = {},
): Criterion {
  return row(name, "deploy", match, grammar, ["NOT_APPLICABLE", "DEPLOYMENT_EVENT"], summary, exceptions);
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
  return row(name, family, match, grammar, eventSources, summary, exceptions);
}

function row(
  name: CriterionName,
  family: CriterionFamily,
  match: CriterionMatch,
  grammar: GrammarName,
  eventSources: readonly EventSource[],
  summary: string,
  exceptions: RowExceptions,
): Criterion {
  const { negation, operators, needs, enforceable } = { ...plain, ...exceptions };
  return { name, grammar, match, negation, operators, family, eventSources, needs, enforceable, summary };
}
