import { createError } from "@kinglet/errors";
import { prefilterProblems } from "@kinglet/policy-engine";
import type { LabelSelector, LabelSelectorRequirement } from "@kinglet/profile";

import { detectionErrors } from "./errors.ts";

/** One entry of a binding: which rules, and what is different for them. @public */
export interface BindingEntry {
  /** At least one of the three is given; of several the id counts before the name, and the name before tags. */
  readonly ruleId: string | undefined;
  readonly ruleName: string | undefined;
  /** Every rule with one of these tags. */
  readonly ruleTags: readonly string[] | undefined;
  /** 1 … 10; undefined: the rule's own. */
  readonly severity: number | undefined;
  /** Replace the rule's `state` key by key; undefined: the rule's own. */
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
}

/** A RuntimeRuleAlertBinding (kubescape.io/v1). @public */
export interface RuleBinding {
  readonly namespaceSelector: LabelSelector;
  readonly podSelector: LabelSelector;
  readonly entries: readonly BindingEntry[];
}

/** Names that existing bindings write where others write numbers. */
const severities: Readonly<Record<string, number>> = { none: 1, low: 1, medium: 5, high: 8, critical: 10 };
const operators: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"];
const maxEntries = 1000;

/**
 * Reads the `spec` of a RuntimeRuleAlertBinding.
 *
 * @param name - of the resource, for the error.
 * @throws KINGLET_ERR_DETECTION_INVALID_BINDING with every problem: an entry that names no rules, selectors
 * and parameters of the wrong shape.
 * @public
 */
export function parseRuleBinding(name: string, resource: unknown): RuleBinding {
  const reader = new BindingReader();
  const spec = member(resource, "spec");
  const list = member(spec, "rules");
  if (!Array.isArray(list)) reader.add("spec.rules", "must be a list");
  else if (list.length > maxEntries) reader.add("spec.rules", `must have at most ${maxEntries} entries`);
  const binding: RuleBinding = {
    namespaceSelector: reader.selector(member(spec, "namespaceSelector"), "spec.namespaceSelector"),
    podSelector: reader.selector(member(spec, "podSelector"), "spec.podSelector"),
    entries: (Array.isArray(list) ? list : [])
      .slice(0, maxEntries)
      .map((entry, at) => reader.entry(entry, `spec.rules[${at}]`)),
  };
  if (reader.problems.length === 0) return binding;
  const reason = reader.problems.join("; ");
  throw createError(detectionErrors, "KINGLET_ERR_DETECTION_INVALID_BINDING", { binding: name, reason });
}

class BindingReader {
  readonly problems: string[] = [];

  add(path: string, problem: string): void {
    if (this.problems.length < 20) this.problems.push(`${path} ${problem}`);
  }

  entry(entry: unknown, path: string): BindingEntry {
    const ruleId = this.#text(entry, path, "ruleID");
    const ruleName = this.#text(entry, path, "ruleName");
    const ruleTags = this.#texts(entry, path, "ruleTags");
    const given = [ruleId, ruleName, ruleTags].filter((one) => one !== undefined).length;
    if (given === 0) this.add(path, "must have one of ruleID, ruleName and ruleTags");
    return {
      ruleId,
      ruleName,
      ruleTags,
      severity: this.#severity(entry, path),
      parameters: this.#parameters(entry, path),
    };
  }

  selector(value: unknown, path: string): LabelSelector {
    const matchLabels: [key: string, label: string][] = [];
    const matchExpressions: LabelSelectorRequirement[] = [];
    if (!isAbsent(value) && !isObject(value)) this.add(path, "must be an object");
    const labels = member(value, "matchLabels");
    if (isObject(labels)) {
      for (const [key, label] of Object.entries(labels)) {
        if (typeof label === "string") matchLabels.push([key, label]);
        else this.add(`${path}.matchLabels`, `must have texts as values, ${key} has none`);
      }
    } else if (!isAbsent(labels)) this.add(`${path}.matchLabels`, "must be an object");
    const expressions = member(value, "matchExpressions");
    if (Array.isArray(expressions)) {
      for (const [at, one] of expressions.entries()) {
        matchExpressions.push(this.#requirement(one, `${path}.matchExpressions[${at}]`));
      }
    } else if (!isAbsent(expressions)) this.add(`${path}.matchExpressions`, "must be a list");
    // Also a key `__proto__` has to be asked for.
    return { matchLabels: Object.fromEntries(matchLabels), matchExpressions };
  }

  #requirement(value: unknown, path: string): LabelSelectorRequirement {
    const key = this.#text(value, path, "key") ?? "";
    const operator = this.#text(value, path, "operator") ?? "";
    if (key === "") this.add(`${path}.key`, "must be given");
    if (!operators.includes(operator)) this.add(`${path}.operator`, `must be one of ${operators.join(", ")}`);
    const values = this.#texts(value, path, "values") ?? [];
    // As Kubernetes has it; this one would select nothing, and nobody would see why.
    if (operator === "In" && values.length === 0) this.add(`${path}.values`, "must not be empty");
    return { key, operator, values };
  }

  /** An empty text or list says as little as none. */
  #text(from: unknown, path: string, key: string): string | undefined {
    const value = member(from, key);
    if (isAbsent(value) || value === "") return undefined;
    if (typeof value === "string") return value;
    this.add(`${path}.${key}`, "must be a text");
    return undefined;
  }

  #texts(from: unknown, path: string, key: string): readonly string[] | undefined {
    const value = member(from, key);
    if (isAbsent(value)) return undefined;
    if (Array.isArray(value) && value.length <= maxEntries && value.every((one) => typeof one === "string")) {
      return value.length === 0 ? undefined : value;
    }
    this.add(`${path}.${key}`, "must be a list of texts");
    return undefined;
  }

  #severity(entry: unknown, path: string): number | undefined {
    const value = member(entry, "severity");
    if (isAbsent(value) || value === "") return undefined;
    const named = typeof value === "string" ? severities[value.toLowerCase()] : undefined;
    const severity = named ?? Number(value);
    if (Number.isInteger(severity) && severity >= 1 && severity <= 10) return severity;
    this.add(`${path}.severity`, "must be a whole number 1 ... 10, or low, medium, high or critical");
    return undefined;
  }

  #parameters(entry: unknown, path: string): Readonly<Record<string, unknown>> | undefined {
    const value = member(entry, "parameters");
    if (isAbsent(value)) return undefined;
    if (!isObject(value)) {
      this.add(`${path}.parameters`, "must be an object");
      return undefined;
    }
    for (const { key, message } of prefilterProblems(value)) this.add(`${path}.parameters.${key}`, message);
    return Object.keys(value).length === 0 ? undefined : value;
  }
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
