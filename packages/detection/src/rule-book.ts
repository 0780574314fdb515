import { readRules, type RuleDefinition, type RuleProblem } from "@kinglet/policy-engine";

import { isAgentVersionCompatible } from "./agent-version.ts";

/** @public */
export interface RuleBookOptions {
  /** Rules that hold as long as no resource has one of the same id. */
  readonly builtin: readonly RuleDefinition[];
  /**
   * What `agentVersionRequirement` is compared with: resources written for another agent name that agent's versions.
   *
   * @defaultValue "" : every rule is compatible
   */
  readonly agentVersion?: string;
  /** Rules of all resources together. @defaultValue 5000 */
  readonly maxRules?: number;
  /** Rules and problems of all resources together, characters of JSON. @defaultValue 4,000,000 */
  readonly maxSize?: number;
}

interface Resource {
  readonly rules: readonly RuleDefinition[];
  readonly problems: readonly RuleProblem[];
  /** Characters. */
  readonly size: number;
}

/** One resource costs that much however little it says. */
const sizeOfNothing = 200;

/**
 * The rules of all origins as one list: the built-in ones, replaced by id by those of `Rules` resources and files.
 *
 * A rule that is disabled in a resource disables the built-in one of its id; one that asks for another version of the agent is as if it were
 * not there. Where two resources have one id, the resource whose name comes first in the order of code units wins, and the other says so among
 * its problems. A resource that is too much together with the others stays what it was, or without rules if it is new, until it changes, and says so:
 * what others fill must not take away rules that hold. A rule that did not change stays the same object, so that what was compiled of it stays.
 *
 * Pure state: whoever watches the resources says what became of them.
 *
 * @public
 */
export class RuleBook {
  readonly #options: RuleBookOptions;
  readonly #resources: Map<string, Resource> = new Map();
  readonly #listeners: Set<() => void> = new Set();
  #size = 0;
  #rules: readonly RuleDefinition[];
  #conflicts: ReadonlyMap<string, readonly RuleProblem[]> = new Map();

  constructor(options: RuleBookOptions) {
    this.#options = options;
    this.#rules = options.builtin.filter((rule) => rule.enabled);
  }

  /** The rules that hold, enabled all of them, in the order of their ids. The same array until something changes. */
  get rules(): readonly RuleDefinition[] {
    return this.#rules;
  }

  /**
   * The enabled built-in rules in whose place a rule of a resource stands. While that one is invalid the built-in one runs, so profiles have to
   * keep what it asks for.
   */
  get replaced(): readonly RuleDefinition[] {
    const holding = new Set(this.#rules);
    const ids = new Set(this.#rules.map(({ id }) => id));
    return this.#options.builtin.filter((rule) => rule.enabled && ids.has(rule.id) && !holding.has(rule));
  }

  /** The built-in rule that runs while the rule of this id is invalid: {@link DetectorOptions.fallbackFor}. */
  fallbackFor(ruleId: string): RuleDefinition | undefined {
    return this.#options.builtin.find(({ id, enabled }) => enabled && id === ruleId);
  }

  /** What is wrong with the shape of rules, by the name of the resource; expressions are the detector's to check. */
  problems(): ReadonlyMap<string, readonly RuleProblem[]> {
    const found = new Map<string, readonly RuleProblem[]>();
    for (const [name, { problems }] of this.#resources) {
      const all = [...problems, ...(this.#conflicts.get(name) ?? [])];
      if (all.length > 0) found.set(name, all);
    }
    return found;
  }

  /**
   * A resource appeared or changed.
   *
   * @param name - unique among the resources, e.g. `namespace/name` or a path.
   * @param resource - of kind Rules, from JSON or YAML.
   * @returns what is wrong with rules of it; the others hold.
   */
  set(name: string, resource: unknown): readonly RuleProblem[] {
    const known = this.#resources.get(name);
    const before = new Map(known?.rules.map((rule) => [rule.id, rule]));
    const { rules, problems } = readRules(resource);
    const kept = rules.map((rule) => {
      const same = before.get(rule.id);
      return same !== undefined && JSON.stringify(same) === JSON.stringify(rule) ? same : rule;
    });
    const size = sizeOfNothing + JSON.stringify(kept).length + JSON.stringify(problems).length;
    const { maxSize = 4_000_000 } = this.#options;
    const isTooMuch = this.#size - (known?.size ?? 0) + size > maxSize;
    const now = isTooMuch ? tooMuch(maxSize, known) : { rules: kept, problems, size };
    this.#resources.set(name, now);
    this.#size += now.size - (known?.size ?? 0);
    this.#merge();
    return this.problems().get(name) ?? [];
  }

  /** A resource is gone. */
  remove(name: string): void {
    this.#size -= this.#resources.get(name)?.size ?? 0;
    if (this.#resources.delete(name)) this.#merge();
  }

  /** Calls `listener` when other rules hold than before. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #merge(): void {
    const { builtin, agentVersion = "", maxRules = 5000 } = this.#options;
    const byId = new Map<string, { readonly rule: RuleDefinition; readonly from: string }>();
    const conflicts = new Map<string, RuleProblem[]>();
    for (const name of [...this.#resources.keys()].sort()) {
      for (const rule of this.#resources.get(name)?.rules ?? []) {
        if (!isAgentVersionCompatible(rule.agentVersionRequirement ?? "", agentVersion)) continue;
        const known = byId.get(rule.id);
        if (known === undefined && byId.size < maxRules) {
          byId.set(rule.id, { rule, from: name });
          continue;
        }
        const message =
          known === undefined
            ? `is one too many: there are ${maxRules}`
            : `stands in ${known.from} too, and holds as it is there`;
        const problems = conflicts.get(name) ?? [];
        problems.push({ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE", path: `rule ${rule.id}`, message });
        conflicts.set(name, problems);
      }
    }
    for (const rule of builtin) if (!byId.has(rule.id)) byId.set(rule.id, { rule, from: "" });
    this.#conflicts = conflicts;
    const rules = [...byId.values()].map(({ rule }) => rule).filter((rule) => rule.enabled);
    rules.sort((left, right) => (left.id < right.id ? -1 : 1));
    if (rules.length === this.#rules.length && rules.every((rule, at) => rule === this.#rules[at])) return;
    this.#rules = rules;
    for (const listener of this.#listeners) listener();
  }
}

function tooMuch(maxSize: number, known: Resource | undefined): Resource {
  const { rules, size } = known ?? { rules: [], size: 0 };
  const outcome = rules.length > 0 ? "; what it was before holds" : "";
  const message = `is too much: all resources together may have ${maxSize} characters of rules${outcome}`;
  return { rules, problems: [{ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE", path: "spec.rules", message }], size };
}
