import type { GrammarName } from "../grammars/grammar-name.ts";
import type { EventSource, LifecycleStage } from "../model/policy-names.ts";
import type { CriterionName } from "./criterion-names.ts";

/**
 * What is known about a criterion without any policy: which values it takes, where it may be used and what has to be known
 * to decide it.
 *
 * @public
 */
export interface Criterion {
  readonly name: CriterionName;
  /** How a value is written; see {@link grammarOf} for the one criterion whose values depend on the event source. */
  readonly grammar: GrammarName;
  /** How a parsed value meets the fact. */
  readonly match: CriterionMatch;
  /** Whether `negate: true` is allowed. */
  readonly negation: boolean;
  /** Whether several values, joined by OR or AND, are allowed. */
  readonly operators: boolean;
  /** What it looks at. Kubernetes Resource, User Name and User Groups are `kubeEvent`, and `auditLog` in audit-log policies. */
  readonly family: CriterionFamily;
  /** Event sources of policies that may use it. */
  readonly eventSources: readonly EventSource[];
  /** Stages at which its facts can be known; at others it never matches. */
  readonly stages: readonly LifecycleStage[];
  /** What has to be known beyond the object itself; empty when the object is enough. */
  readonly needs: readonly CriterionNeed[];
  /** Whether a policy that uses it may name enforcement actions; false where the facts change without the workload. */
  readonly enforceable: boolean;
  /** When it is violated by a value, in a few words. */
  readonly summary: string;
}

/** What a criterion looks at. @public */
export type CriterionFamily = "deploy" | "process" | "networkFlow" | "kubeEvent" | "auditLog" | "fileAccess";

/** What a criterion needs beyond the object. @public */
export type CriterionNeed = "image" | "rbac" | "networkPolicies" | "services" | "namespaceLabels" | "baseline";

/**
 * How a value meets the fact.
 *
 * - `boolean`, `number`, `enumeration`: compared, with the comparator of the value where its grammar has one
 * - `atLeast`: the fact is of the value's rank or above (RBAC permissions)
 * - `wholeText`: pattern over the whole text, case-insensitive · `partOfText`: pattern anywhere in it
 * - `exactText`: equal, case-insensitive (the reference matches prefixes; a setting restores that)
 * - `prefixText`: begins with, case-insensitive
 * - `age`: the fact is at least so many days old
 * - `mapContains`: violated when no entry matches · `mapLacks`: violated when an entry matches
 * - `compound`: patterns over the parts of one element · `capabilities` · `signature` · `absent` · `pathGlob`
 *
 * @public
 */
export type CriterionMatch =
  | "boolean"
  | "number"
  | "enumeration"
  | "atLeast"
  | "wholeText"
  | "partOfText"
  | "exactText"
  | "prefixText"
  | "age"
  | "mapContains"
  | "mapLacks"
  | "compound"
  | "capabilities"
  | "signature"
  | "absent"
  | "pathGlob";
