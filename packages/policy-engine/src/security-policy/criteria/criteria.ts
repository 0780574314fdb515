import type { GrammarName } from "../grammars/grammar-name.ts";
import type { EventSource } from "../model/policy-names.ts";
import type { Criterion, CriterionFamily } from "./criterion.ts";
import { eventCriteria } from "./event-criteria.ts";
import { imageCriteria } from "./image-criteria.ts";
import { workloadCriteria } from "./workload-criteria.ts";

let table: ReadonlyMap<string, Criterion> | undefined;

/**
 * All criteria by name. The table is built at the first call, later calls return the same one.
 *
 * @see `docs/policies.md`, made from it.
 *
 * @public
 */
export function criteria(): ReadonlyMap<string, Criterion> {
  if (table !== undefined) return table;
  const built = new Map<string, Criterion>();
  for (const rows of [workloadCriteria(), imageCriteria(), eventCriteria()]) {
    for (const row of rows) built.set(row.name, row);
  }
  table = built;
  return built;
}

/** The grammar of a criterion's values in a policy of that event source. @public */
export function grammarOf(criterion: Criterion, eventSource: EventSource): GrammarName {
  const isAudit = eventSource === "AUDIT_LOG_EVENT";
  return isAudit && criterion.name === "Kubernetes Resource" ? "auditedResource" : criterion.grammar;
}

/** What a criterion looks at in a policy of that event source. @public */
export function familyOf(criterion: Criterion, eventSource: EventSource): CriterionFamily {
  return eventSource === "AUDIT_LOG_EVENT" && criterion.family === "kubeEvent" ? "auditLog" : criterion.family;
}
