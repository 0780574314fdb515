import { compilePattern } from "../matching/compile-pattern.ts";
import { EntrySearch } from "../matching/map-entries.ts";
import type { PatternEngine } from "../matching/pattern-engine.ts";
import type { TextTest } from "../matching/text-test.ts";
import type { PolicyScope, ScopeLabel } from "../model/security-policy.ts";
import { needBit, type Evaluation } from "./evaluation.ts";
import { isFalse, isTrue, isUnknown, truthOf, type Truth } from "./truth.ts";

/** Collects what stands in the way of compiling patterns. @internal */
export class PatternCompiler {
  readonly #engine: PatternEngine | undefined;
  needsEngine = false;
  problem: string | undefined = undefined;

  constructor(engine: PatternEngine | undefined) {
    this.#engine = engine;
  }

  /** A whole-text test; undefined for an empty pattern, which is anything. One that is no pattern never matches. */
  compile(source: string): TextTest | undefined {
    if (source === "") return undefined;
    const compiled = compilePattern(source, "whole", this.#engine);
    if (compiled.kind === "test") return compiled.test;
    if (compiled.kind === "needsEngine") this.needsEngine = true;
    else this.problem ??= `${JSON.stringify(source.slice(0, 200))}: ${compiled.message}`;
    return never;
  }
}

/**
 * One scope: all fields that are set hold of the subject.
 *
 * @internal
 */
export class ScopeTest {
  readonly #cluster: string;
  readonly #namespace: TextTest | undefined;
  readonly #label: EntrySearch | undefined;
  readonly #clusterLabel: EntrySearch | undefined;
  readonly #namespaceLabel: EntrySearch | undefined;

  constructor(scope: PolicyScope, patterns: PatternCompiler) {
    this.#cluster = scope.cluster;
    this.#namespace = patterns.compile(scope.namespace);
    this.#label = searchOf(scope.label, patterns);
    this.#clusterLabel = searchOf(scope.clusterLabel, patterns);
    this.#namespaceLabel = searchOf(scope.namespaceLabel, patterns);
  }

  /** What is known first: a namespace that does not fit needs no labels to be known. */
  test(evaluation: Evaluation): Truth {
    const { workload, event, subject } = evaluation;
    const namespace = workload?.namespace ?? namespaceOf(evaluation);
    // An object of the whole cluster is in no namespace: what a scope says about namespaces does not concern it.
    const isClusterScoped = workload === undefined && event?.kind === "auditLog" && namespace === "";
    if (this.#namespace !== undefined && !isClusterScoped && !this.#namespace(namespace)) return isFalse;
    let truth: Truth = isTrue;
    if (this.#cluster !== "" && this.#cluster !== subject.cluster) {
      if (subject.cluster !== undefined) return isFalse;
      evaluation.missing |= needBit.cluster;
      truth = isUnknown;
    }
    if (this.#label !== undefined) {
      const result = testLabels(this.#label, workload?.labels, needBit.workload, evaluation);
      if (result < truth) truth = result;
    }
    if (this.#namespaceLabel !== undefined && !isClusterScoped) {
      const result = testLabels(this.#namespaceLabel, subject.namespaceLabels, needBit.namespaceLabels, evaluation);
      if (result < truth) truth = result;
    }
    if (this.#clusterLabel !== undefined) {
      const result = testLabels(this.#clusterLabel, subject.clusterLabels, needBit.clusterLabels, evaluation);
      if (result < truth) truth = result;
    }
    return truth;
  }
}

function namespaceOf(evaluation: Evaluation): string {
  const { event } = evaluation;
  return event?.kind === "auditLog" || event?.kind === "kubeEvent" ? event.namespace : "";
}

function searchOf(label: ScopeLabel | undefined, patterns: PatternCompiler): EntrySearch | undefined {
  return label && new EntrySearch(patterns.compile(label.key), patterns.compile(label.value));
}

function testLabels(
  search: EntrySearch,
  labels: ReadonlyMap<string, string> | undefined,
  need: number,
  evaluation: Evaluation,
): Truth {
  if (labels !== undefined) return truthOf(search.isIn(labels));
  evaluation.missing |= need;
  return isUnknown;
}

function never(): boolean {
  return false;
}
