import { isJsonRecord } from "../resources/kube-object.ts";
import type { RequestAttributes } from "./request-attributes.ts";

/** One rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** The rules of a stored role; what is missing or malformed is empty. */
export function readRules(role: Readonly<Record<string, unknown>> | undefined): PolicyRule[] {
  const rules = role?.["rules"];
  return Array.isArray(rules) ? rules.filter(isJsonRecord).map(readRule) : [];
}

function readRule(rule: Readonly<Record<string, unknown>>): PolicyRule {
  return {
    verbs: readTexts(rule["verbs"]),
    apiGroups: readTexts(rule["apiGroups"]),
    resources: readTexts(rule["resources"]),
    resourceNames: readTexts(rule["resourceNames"]),
    nonResourceURLs: readTexts(rule["nonResourceURLs"]),
  };
}

function readTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Does this rule alone allow the request? */
export function isAllowedByRule(rule: PolicyRule, attributes: RequestAttributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResource) return rule.nonResourceURLs.some((url) => coversUrl(url, attributes.path));
  return (
    hasOrAll(rule.apiGroups, attributes.group) &&
    hasResource(rule.resources, attributes.resource, attributes.subresource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(attributes.name))
  );
}

function hasOrAll(list: readonly string[], wanted: string): boolean {
  return list.includes("*") || list.includes(wanted);
}

function hasResource(list: readonly string[], resource: string, subresource: string): boolean {
  if (hasOrAll(list, subresource === "" ? resource : `${resource}/${subresource}`)) return true;
  return subresource !== "" && list.includes(`*/${subresource}`);
}

function coversUrl(owned: string, path: string): boolean {
  if (owned === "*" || owned === path) return true;
  return owned.endsWith("*") && path.startsWith(owned.replace(/\*+$/, ""));
}

/**
 * The part of `wanted` that the owner of `owned` does not have, in the smallest pieces: one verb on one resource and name each.
 */
export function findMissingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((piece) => !owned.some((rule) => covers(rule, piece)));
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  const pieces: PolicyRule[] = [];
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  for (const group of rule.apiGroups) {
    for (const resource of rule.resources) {
      for (const verb of rule.verbs) {
        for (const resourceNames of names) {
          pieces.push({ verbs: [verb], apiGroups: [group], resources: [resource], resourceNames, nonResourceURLs: [] });
        }
      }
    }
  }
  for (const url of rule.nonResourceURLs) {
    for (const verb of rule.verbs) {
      pieces.push({ verbs: [verb], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [url] });
    }
  }
  return pieces;
}

function covers(owned: PolicyRule, piece: PolicyRule): boolean {
  const hasAll = (list: readonly string[], wanted: readonly string[]): boolean =>
    list.includes("*") || wanted.every((item) => list.includes(item));
  return (
    hasAll(owned.verbs, piece.verbs) &&
    hasAll(owned.apiGroups, piece.apiGroups) &&
    piece.resources.every((resource) => coversResource(owned.resources, resource)) &&
    (owned.resourceNames.length === 0 ||
      (piece.resourceNames.length > 0 && piece.resourceNames.every((name) => owned.resourceNames.includes(name)))) &&
    piece.nonResourceURLs.every((url) => owned.nonResourceURLs.some((own) => own === url || coversPrefix(own, url)))
  );
}

function coversPrefix(owned: string, path: string): boolean {
  return owned.endsWith("*") && path.startsWith(owned.replace(/\*+$/, ""));
}

function coversResource(owned: readonly string[], wanted: string): boolean {
  const slash = wanted.indexOf("/");
  return hasOrAll(owned, wanted) || (slash >= 0 && owned.includes(`*/${wanted.slice(slash + 1)}`));
}

/**
 * Describes pieces of rules, one line each, sorted; pieces about the same resource are joined.
 */
export function describeRules(pieces: readonly PolicyRule[]): string[] {
  const joined = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const piece of pieces) {
    const isSimple =
      piece.apiGroups.length === 1 &&
      piece.resources.length === 1 &&
      piece.resourceNames.length <= 1 &&
      piece.nonResourceURLs.length === 0;
    if (!isSimple) {
      others.push(piece);
      continue;
    }
    const key = JSON.stringify([piece.apiGroups, piece.resources, piece.resourceNames]);
    const same = joined.get(key);
    joined.set(key, same === undefined ? piece : { ...same, verbs: [...same.verbs, ...piece.verbs] });
  }
  return [...new Set([...others, ...joined.values()].map(describeRule))].sort(compareTexts);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function describeRule(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (name: string, list: readonly string[]): void => {
    if (list.length > 0) parts.push(`${name}:${quoteList(list)}`);
  };
  add("APIGroups", rule.apiGroups);
  add("Resources", rule.resources);
  add("NonResourceURLs", rule.nonResourceURLs);
  add("ResourceNames", rule.resourceNames);
  add("Verbs", rule.verbs);
  return `{${parts.join(", ")}}`;
}

/** A list as the API's messages print one: `["a" "b"]`. */
export function quoteList(list: readonly string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(" ")}]`;
}
