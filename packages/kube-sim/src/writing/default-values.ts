import { isJsonRecord } from "../resources/kube-object.ts";
import type { DefaultRule } from "../resources/sim-resource.ts";

type DefaultFunction = (parent: Readonly<Record<string, unknown>>) => unknown;

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
    if (target[head] !== undefined && target[head] !== null) return;
    target[head] = typeof value === "function" ? (value as DefaultFunction)(target) : structuredClone(value);
    return;
  }
  if (isTop && target[head] === undefined) target[head] = {};
  applyRule(target[head], rest, value, false);
}

/**
 * Drops what the API leaves out of JSON when it is empty, in place: maps and lists of the metadata, and for built-in kinds those
 * beside it (`data` of a ConfigMap).
 */
export function omitEmpty(
  object: { metadata: Record<string, unknown>; [field: string]: unknown },
  isCustom: boolean,
): void {
  dropEmptyFields(object.metadata);
  if (!isCustom) dropEmptyFields(object, KEPT_WHEN_EMPTY);
}

const KEPT_WHEN_EMPTY: Readonly<Record<string, true>> = {
  aggregationRule: true,
  metadata: true,
  spec: true,
  status: true,
  source: true,
  involvedObject: true,
};

function dropEmptyFields(record: Record<string, unknown>, kept: Readonly<Record<string, true>> = {}): void {
  for (const [field, value] of Object.entries(record)) {
    if (typeof value !== "object" || value === null || kept[field] === true) continue;
    if (Object.keys(value).length === 0) delete record[field];
  }
}
