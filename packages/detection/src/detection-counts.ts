/** Called for every event and skip; budget: one addition. */
import type { ActivityEventKind } from "@kinglet/enrichment";
import type { Counter, Metrics } from "@kinglet/metrics";

import {
  evaluatedEvents,
  evaluationFailures,
  ruleEvaluations,
  ruleMatches,
  skippedEvaluations,
  type SkipReason,
} from "./metrics.ts";
import type { RunningRule } from "./rule-table.ts";

/** What was reported of a rule. */
interface Reported {
  evaluations: number;
  matches: number;
  failures: number;
}

/**
 * Counts in plain numbers and hands them to the metrics when those are collected: a counter looks its labels up at each addition (8 ns,
 * Node 26), and every rule counts at every event.
 *
 * @internal
 */
export class DetectionCounts {
  readonly #events: Record<ActivityEventKind, number> = {
    exec: 0,
    open: 0,
    network: 0,
    dns: 0,
    capabilities: 0,
    syscall: 0,
    symlink: 0,
    hardlink: 0,
    bpf: 0,
    kmod: 0,
    ptrace: 0,
    unshare: 0,
    iouring: 0,
    randomx: 0,
  };
  readonly #seen: Set<ActivityEventKind> = new Set();
  readonly #skips: Record<SkipReason, number> = {
    replay: 0,
    runtime_stage: 0,
    no_binary: 0,
    no_rules: 0,
    no_profile: 0,
    learning: 0,
    unusable_profile: 0,
    unobserved: 0,
    missing_field: 0,
    prefilter: 0,
    policy: 0,
  };
  readonly #rules: () => readonly RunningRule[];
  readonly #reported: WeakMap<RunningRule, Reported> = new WeakMap();
  readonly #counters: {
    readonly events: Counter<"kind">;
    readonly skipped: Counter<"reason">;
    readonly evaluations: Counter<"rule">;
    readonly matches: Counter<"rule">;
    readonly failures: Counter<"rule">;
  };

  /** @param rules - those that run now. */
  constructor(metrics: Metrics, rules: () => readonly RunningRule[]) {
    this.#rules = rules;
    this.#counters = {
      events: metrics.counter(evaluatedEvents),
      skipped: metrics.counter(skippedEvaluations),
      evaluations: metrics.counter(ruleEvaluations),
      matches: metrics.counter(ruleMatches),
      failures: metrics.counter(evaluationFailures),
    };
    metrics.onCollect(() => this.flush());
  }

  event(kind: ActivityEventKind): void {
    this.#events[kind]++;
  }

  /** Kinds that were counted since the start. */
  get seenKinds(): ReadonlySet<ActivityEventKind> {
    const fresh = (Object.keys(this.#events) as ActivityEventKind[]).filter((kind) => this.#events[kind] > 0);
    return new Set([...this.#seen, ...fresh]);
  }

  skip(reason: SkipReason): void {
    this.#skips[reason]++;
  }

  /** Hands over what was counted since the last time; also before rules leave. */
  flush(): void {
    for (const kind of Object.keys(this.#events) as ActivityEventKind[]) {
      if (this.#events[kind] === 0) continue;
      this.#seen.add(kind);
      this.#counters.events.add(this.#events[kind], { kind });
      this.#events[kind] = 0;
    }
    for (const reason of Object.keys(this.#skips) as SkipReason[]) {
      if (this.#skips[reason] > 0) this.#counters.skipped.add(this.#skips[reason], { reason });
      this.#skips[reason] = 0;
    }
    for (const running of this.#rules()) this.#flushRule(running);
  }

  #flushRule(running: RunningRule): void {
    let reported = this.#reported.get(running);
    if (reported === undefined) {
      reported = { evaluations: 0, matches: 0, failures: 0 };
      this.#reported.set(running, reported);
    }
    for (const key of ["evaluations", "matches", "failures"] as const) {
      const more = running[key] - reported[key];
      if (more > 0) this.#counters[key].add(more, running.labels);
      reported[key] = running[key];
    }
  }
}
