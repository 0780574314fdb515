/** `selectionFor` is called once per event; budget: 0 allocations for a pod that was asked about before. */
import type { ContainerIdentity } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import type { RuleDefinition } from "@kinglet/policy-engine";
import type { LabelSelector } from "@kinglet/profile";
import { matchesLabels } from "@kinglet/profile/matching";

import { detectionErrors } from "./errors.ts";
import { parseRuleBinding, type BindingEntry, type RuleBinding } from "./read-rule-binding.ts";
import type { BoundRule, RuleSelection } from "./rule-selection.ts";

/** @public */
export interface BindingBookOptions {
  /** The rules that hold now, e.g. those of a `RuleBook`. */
  readonly rules: () => readonly RuleDefinition[];
  /**
   * Labels of a namespace; undefined when they are not known. Of such a namespace its name alone counts: a binding holds unless the name
   * rules it out.
   *
   * @defaultValue nothing is known of any namespace but its name
   */
  readonly namespaceLabels?: (namespace: string) => Readonly<Record<string, string>> | undefined;
  /** True: every rule holds for every pod, whatever bindings there are. @defaultValue false */
  readonly ignoresBindings?: boolean;
  /**
   * True while there are bindings that are not known: every rule holds for every pod then, since any of them may select any pod. Asked once per
   * event; whoever changes the answer calls {@link BindingBook.invalidate}.
   *
   * @defaultValue false
   */
  readonly isIncomplete?: () => boolean;
  /** Selections kept. @defaultValue 1000 */
  readonly maxSelections?: number;
  /** Bindings kept. @defaultValue 1000 */
  readonly maxBindings?: number;
  /** All bindings together, characters of JSON. @defaultValue 4,000,000 */
  readonly maxSize?: number;
}

interface Bound {
  readonly binding: RuleBinding;
  /** What the namespace selector says about names of namespaces. */
  readonly byName: LabelSelector;
  /** True when it says something about other labels, too. */
  readonly isByLabels: boolean;
  /** Tells bindings apart in less than their names need. */
  readonly ordinal: number;
  /** Characters. */
  readonly size: number;
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
 * Without any binding, and while not all of them are known, every rule holds for every pod. With bindings, those hold that a binding for the pod names: by id, by name, or by a tag.
 * A binding that selects by labels of namespaces which are not known holds for every namespace that it could select: what is not known must
 * silence no rule.
 *
 * Pods that the same bindings select share one selection; what was found for a pod is kept with its labels until rules, bindings or
 * namespaces change.
 *
 * Pure state: whoever watches the resources says what became of them.
 *
 * @public
 */
export class BindingBook {
  readonly #options: BindingBookOptions;
  readonly #bindings: Map<string, Bound> = new Map();
  readonly #listeners: Set<() => void> = new Set();
  /** By the names of the bindings that select the pod. */
  readonly #selections: Map<string, RuleSelection> = new Map();
  /** By the object that all containers of a pod share; goes with the pod. */
  readonly #found: WeakMap<object, Found> = new WeakMap();
  #generation = 0;
  #nextOrdinal = 0;
  #size = 0;
  #every: RuleSelection | undefined;
  /** By `id ID`, `name NAME` and `tag TAG`. */
  #named: ReadonlyMap<string, readonly RuleDefinition[]> | undefined;

  constructor(options: BindingBookOptions) {
    this.#options = options;
  }

  /** Bindings there are. */
  get size(): number {
    return this.#bindings.size;
  }

  /**
   * Names of the bindings that select namespaces by something else than their names: only for them
   * {@link BindingBookOptions.namespaceLabels} matters. Empty where bindings are ignored.
   */
  get byNamespaceLabels(): readonly string[] {
    if (this.#options.ignoresBindings === true) return [];
    const names: string[] = [];
    for (const [name, { isByLabels }] of this.#bindings) if (isByLabels) names.push(name);
    return names.sort();
  }

  /**
   * A binding appeared or changed.
   *
   * @throws KINGLET_ERR_DETECTION_INVALID_BINDING, also for what is too much; it then holds as before.
   */
  set(name: string, resource: unknown): void {
    const binding = parseRuleBinding(name, resource);
    const { maxBindings = 1000, maxSize = 4_000_000 } = this.#options;
    const known = this.#bindings.get(name);
    const size = JSON.stringify(binding).length;
    const sizeOfAll = this.#size - (known?.size ?? 0) + size;
    if ((known === undefined && this.#bindings.size >= maxBindings) || sizeOfAll > maxSize) {
      const reason = `is too much: there may be ${maxBindings} bindings with ${maxSize} characters together`;
      throw createError(detectionErrors, "KINGLET_ERR_DETECTION_INVALID_BINDING", { binding: name, reason });
    }
    this.#size = sizeOfAll;
    const { namespaceSelector } = binding;
    const byName = partOf(namespaceSelector, (key) => key === namespaceName);
    const byLabels = partOf(namespaceSelector, (key) => key !== namespaceName);
    const isByLabels = Object.keys(byLabels.matchLabels).length > 0 || byLabels.matchExpressions.length > 0;
    const ordinal = known?.ordinal ?? this.#nextOrdinal++;
    this.#bindings.set(name, { binding, byName, isByLabels, ordinal, size });
    this.invalidate();
  }

  /** A binding is gone. */
  remove(name: string): void {
    this.#size -= this.#bindings.get(name)?.size ?? 0;
    if (this.#bindings.delete(name)) this.invalidate();
  }

  /** Rules, labels of namespaces, or whether all bindings are known changed: what was found no longer counts. */
  invalidate(): void {
    this.#generation += 1;
    this.#selections.clear();
    this.#every = undefined;
    this.#named = undefined;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` when other rules may hold for pods than before. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The rules that hold for the container's pod. The same object for the same answer, until something changes. */
  selectionFor(container: ContainerIdentity): RuleSelection {
    const { ignoresBindings, isIncomplete } = this.#options;
    if (ignoresBindings === true || this.#bindings.size === 0 || isIncomplete?.() === true) {
      return (this.#every ??= this.#everyRule());
    }
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

  /** Names of the bindings that select the container's pod, for people: of one that holds because labels are not known it says so. */
  bindingsOf(container: ContainerIdentity): readonly string[] {
    const { namespace, podLabels = noLabels } = container;
    const isKnown = this.#options.namespaceLabels?.(namespace) !== undefined;
    return this.#matching(namespace, podLabels).map((name) =>
      isKnown || this.#bindings.get(name)?.isByLabels !== true
        ? name
        : `${name} (the labels of namespace ${namespace} are not known)`,
    );
  }

  #everyRule(): RuleSelection {
    return { rules: this.#options.rules().map(({ id }) => ({ ruleId: id, severity: undefined, parameters: [] })) };
  }

  #select(namespace: string, labels: Readonly<Record<string, string>>): RuleSelection {
    const names = this.#matching(namespace, labels);
    const key = names.map((name) => this.#bindings.get(name)?.ordinal).join();
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
    const known = this.#options.namespaceLabels?.(namespace);
    const ofName = { [namespaceName]: namespace };
    const names: string[] = [];
    for (const [name, { binding, byName }] of this.#bindings) {
      const { namespaceSelector, podSelector } = binding;
      const isSelected =
        known === undefined ? matchesLabels(byName, ofName) : matchesLabels(namespaceSelector, { ...ofName, ...known });
      if (isSelected && matchesLabels(podSelector, labels)) names.push(name);
    }
    return names.sort();
  }

  #boundRules(names: readonly string[]): readonly BoundRule[] {
    const bound = new Map<string, Combination>();
    for (const name of names) {
      for (const entry of this.#bindings.get(name)?.binding.entries ?? []) {
        for (const rule of this.#rulesOf(entry)) {
          const combination = bound.get(rule.id) ?? new Combination(rule);
          bound.set(rule.id, combination);
          combination.add(entry);
        }
      }
    }
    return Array.from(bound.values(), (combination) => combination.bound());
  }

  #rulesOf({ ruleId, ruleName, ruleTags = [] }: BindingEntry): Iterable<RuleDefinition> {
    const named = (this.#named ??= namedRules(this.#options.rules()));
    if (ruleId !== undefined) return named.get(`id ${ruleId}`) ?? [];
    if (ruleName !== undefined) return named.get(`name ${ruleName}`) ?? [];
    return new Set(ruleTags.flatMap((tag) => named.get(`tag ${tag}`) ?? []));
  }
}

function partOf({ matchLabels, matchExpressions }: LabelSelector, has: (key: string) => boolean): LabelSelector {
  return {
    matchLabels: Object.fromEntries(Object.entries(matchLabels).filter(([key]) => has(key))),
    matchExpressions: matchExpressions.filter(({ key }) => has(key)),
  };
}

/** So that a thousand bindings of a thousand entries do not each look at every rule. */
function namedRules(rules: readonly RuleDefinition[]): ReadonlyMap<string, readonly RuleDefinition[]> {
  const named = new Map<string, RuleDefinition[]>();
  for (const rule of rules) {
    const keys = new Set([`id ${rule.id}`, `name ${rule.name}`, ...rule.tags.map((tag) => `tag ${tag}`)]);
    for (const key of keys) {
      const known = named.get(key);
      if (known === undefined) named.set(key, [rule]);
      else known.push(rule);
    }
  }
  return named;
}

/** What the entries that name a rule say together: the highest severity, and each set of parameters: what one binding lets through counts. */
class Combination {
  readonly #rule: RuleDefinition;
  #severity = 0;
  /** By their text. */
  readonly #sets: Map<string, Readonly<Record<string, unknown>>> = new Map();
  #hasParameters = false;

  constructor(rule: RuleDefinition) {
    this.#rule = rule;
  }

  add({ severity = this.#rule.severity, parameters }: BindingEntry): void {
    this.#severity = Math.max(this.#severity, severity);
    this.#hasParameters ||= parameters !== undefined;
    this.#sets.set(JSON.stringify(parameters ?? {}), parameters ?? {});
  }

  bound(): BoundRule {
    const { id, severity } = this.#rule;
    return {
      ruleId: id,
      severity: this.#severity === severity ? undefined : this.#severity,
      parameters: this.#hasParameters ? [...this.#sets.values()] : [],
    };
  }
}
