/** `selectionFor` is called once per event; budget: 0 allocations for a pod that was asked about before. */
import type { ContainerIdentity } from "@kinglet/enrichment";
import type { RuleDefinition } from "@kinglet/policy-engine";
import type { LabelSelector } from "@kinglet/profile";
import { matchesLabels } from "@kinglet/profile/matching";

import { parseRuleBinding, type BindingEntry, type RuleBinding } from "./read-rule-binding.ts";
import type { BoundRule, RuleSelection } from "./rule-selection.ts";

/** @public */
export interface BindingBookOptions {
  /** The rules that hold now, e.g. those of a `RuleBook`. */
  readonly rules: () => readonly RuleDefinition[];
  /**
   * Labels of a namespace; undefined when they are not known.
   *
   * @defaultValue `kubernetes.io/metadata.name` alone, which the API server puts on every namespace
   */
  readonly namespaceLabels?: (namespace: string) => Readonly<Record<string, string>> | undefined;
  /** True: every rule holds for every pod, whatever bindings there are. @defaultValue false */
  readonly ignoresBindings?: boolean;
  /** Selections kept. @defaultValue 1000 */
  readonly maxSelections?: number;
}

/** What was found for the labels of a pod. */
interface Found {
  readonly generation: number;
  readonly namespace: string;
  readonly selection: RuleSelection;
}

/** The API server puts it on every namespace. */
const namespaceName = "kubernetes.io/metadata.name";
const noLabels: Readonly<Record<string, string>> = {};

/**
 * Which rules hold for which pods, by the `RuntimeRuleAlertBinding` resources.
 *
 * Without any binding every rule holds for every pod. With bindings, those hold that a binding for the pod names: by id, by name, or by a tag.
 * Pods that the same bindings select share one selection; what was found for a pod is kept with its labels until rules, bindings or
 * namespaces change.
 *
 * Pure state: whoever watches the resources says what became of them.
 *
 * @public
 */
export class BindingBook {
  readonly #options: BindingBookOptions;
  readonly #bindings: Map<string, RuleBinding> = new Map();
  readonly #listeners: Set<() => void> = new Set();
  /** By the names of the bindings that select the pod. */
  readonly #selections: Map<string, RuleSelection> = new Map();
  /** By the object that all containers of a pod share; goes with the pod. */
  readonly #found: WeakMap<object, Found> = new WeakMap();
  #generation = 0;
  #every: RuleSelection | undefined;

  constructor(options: BindingBookOptions) {
    this.#options = options;
  }

  /** Bindings there are. */
  get size(): number {
    return this.#bindings.size;
  }

  /** True while a binding selects namespaces by something else than their names: only then {@link BindingBookOptions.namespaceLabels} matters. */
  get needsNamespaceLabels(): boolean {
    if (this.#options.ignoresBindings === true) return false;
    for (const { namespaceSelector } of this.#bindings.values()) if (goesByLabels(namespaceSelector)) return true;
    return false;
  }

  /**
   * A binding appeared or changed.
   *
   * @throws KINGLET_ERR_DETECTION_INVALID_BINDING; it then holds as before.
   */
  set(name: string, resource: unknown): void {
    this.#bindings.set(name, parseRuleBinding(name, resource));
    this.invalidate();
  }

  /** A binding is gone. */
  remove(name: string): void {
    if (this.#bindings.delete(name)) this.invalidate();
  }

  /** Rules or labels of namespaces changed: what was found no longer counts. */
  invalidate(): void {
    this.#generation += 1;
    this.#selections.clear();
    this.#every = undefined;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` when other rules may hold for pods than before. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The rules that hold for the container's pod. The same object for the same answer, until something changes. */
  selectionFor(container: ContainerIdentity): RuleSelection {
    if (this.#options.ignoresBindings === true || this.#bindings.size === 0) return (this.#every ??= this.#everyRule());
    const labels = container.podLabels ?? noLabels;
    // A pod without labels is told by its container: pods of all namespaces share the lack of them.
    const key = container.podLabels ?? container;
    const found = this.#found.get(key);
    if (found !== undefined && found.generation === this.#generation && found.namespace === container.namespace) {
      return found.selection;
    }
    const selection = this.#select(container.namespace, labels);
    this.#found.set(key, { generation: this.#generation, namespace: container.namespace, selection });
    return selection;
  }

  /** Names of the bindings that select the container's pod, for people. */
  bindingsOf(container: ContainerIdentity): readonly string[] {
    return this.#matching(container.namespace, container.podLabels ?? noLabels);
  }

  #everyRule(): RuleSelection {
    return { rules: this.#options.rules().map(({ id }) => ({ ruleId: id, severity: undefined, parameters: [] })) };
  }

  #select(namespace: string, labels: Readonly<Record<string, string>>): RuleSelection {
    const names = this.#matching(namespace, labels);
    const key = names.join("\n");
    const known = this.#selections.get(key);
    if (known !== undefined) return known;
    const selection = { rules: this.#boundRules(names) };
    for (const eldest of this.#selections.keys()) {
      if (this.#selections.size < (this.#options.maxSelections ?? 1000)) break;
      this.#selections.delete(eldest);
    }
    this.#selections.set(key, selection);
    return selection;
  }

  #matching(namespace: string, labels: Readonly<Record<string, string>>): readonly string[] {
    const ofNamespace = this.#options.namespaceLabels?.(namespace) ?? { [namespaceName]: namespace };
    const names: string[] = [];
    for (const [name, { namespaceSelector, podSelector }] of this.#bindings) {
      if (matchesLabels(namespaceSelector, ofNamespace) && matchesLabels(podSelector, labels)) names.push(name);
    }
    return names.sort();
  }

  #boundRules(names: readonly string[]): readonly BoundRule[] {
    const bound = new Map<string, BoundRule>();
    for (const name of names) {
      for (const entry of this.#bindings.get(name)?.entries ?? []) {
        for (const rule of this.#options.rules()) {
          if (isNamed(entry, rule)) bound.set(rule.id, combined(bound.get(rule.id), rule, entry));
        }
      }
    }
    return [...bound.values()];
  }
}

function goesByLabels({ matchLabels, matchExpressions }: LabelSelector): boolean {
  const keys = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  return keys.some((key) => key !== namespaceName);
}

function isNamed({ ruleId, ruleName, ruleTags }: BindingEntry, rule: RuleDefinition): boolean {
  if (ruleId !== undefined) return rule.id === ruleId;
  if (ruleName !== undefined) return rule.name === ruleName;
  return ruleTags?.some((tag) => rule.tags.includes(tag)) === true;
}

/** The highest severity, and each set of parameters: what one binding lets through counts. */
function combined(known: BoundRule | undefined, rule: RuleDefinition, entry: BindingEntry): BoundRule {
  const parameters = entry.parameters ?? {};
  if (known === undefined) {
    return {
      ruleId: rule.id,
      severity: entry.severity,
      parameters: entry.parameters === undefined ? [] : [parameters],
    };
  }
  const severity = Math.max(known.severity ?? rule.severity, entry.severity ?? rule.severity);
  const sets = known.parameters.length === 0 ? [{}] : known.parameters;
  const isKnown = sets.some((set) => JSON.stringify(set) === JSON.stringify(parameters));
  return {
    ruleId: rule.id,
    severity: severity === rule.severity ? undefined : severity,
    parameters: isKnown ? known.parameters : [...sets, parameters],
  };
}
