import { isJsonRecord } from "./kube-object.ts";
import type { DefaultRule } from "./sim-resource.ts";

/**
 * Fills absent fields by the rules, in place. A rule whose parent does not exist does nothing, except that a missing `spec`
 * is made.
 */
export function applyDefaults(object: Record<string, unknown>, rules: readonly DefaultRule[]): void {
  for (const rule of rules) applyRule(object, rule.path.split("."), rule.value, true);
}

function applyRule(target: unknown, path: readonly string[], value: unknown, isTop: boolean): void {
  if (!isJsonRecord(target)) return;
  const [head = "", ...rest] = path;
  if (head.endsWith("[]")) {
    const list = target[head.slice(0, -2)];
    if (Array.isArray(list)) for (const item of list) applyRule(item, rest, value, false);
    return;
  }
  if (rest.length === 0) {
    if (target[head] === undefined || target[head] === null) target[head] = structuredClone(value);
    return;
  }
  if (isTop && target[head] === undefined) target[head] = {};
  applyRule(target[head], rest, value, false);
}
