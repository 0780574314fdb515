import type { EventSource, LifecycleStage } from "../model/policy-names.ts";
import type { StatedPolicy } from "../model/stated-policy.ts";

/** What rules look at: the stated policy, and what of it everything else depends on. @internal */
export interface RuleSubject {
  readonly stated: StatedPolicy;
  /** Undefined when the document states something that is not an event source: rules about it are skipped. */
  readonly eventSource: EventSource | undefined;
  /** Undefined when the document states something that is not a list of stages. */
  readonly stages: ReadonlySet<LifecycleStage> | undefined;
  /** Names and ids of notifiers that exist; undefined when nobody knows. */
  readonly knownNotifiers: ReadonlySet<string> | undefined;
  /** Names and ids of clusters that exist; undefined when nobody knows. */
  readonly knownClusters: ReadonlySet<string> | undefined;
}

/** An id passes for a notifier or a cluster even where only names are known. @internal */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
