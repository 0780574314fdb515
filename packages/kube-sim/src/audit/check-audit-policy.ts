import { createError } from "@kinglet/errors";
import { kubeSimErrors } from "../errors.ts";
import { isJsonRecord, type JsonRecord } from "../resources/kube-object.ts";
import type { AuditPolicy } from "./audit-policy.ts";

const LEVELS: readonly unknown[] = ["None", "Metadata", "Request", "RequestResponse"];
const STAGES: readonly unknown[] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];
const LISTS = ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"] as const;

/**
 * A policy of unknown origin as one, when nothing is wrong with it.
 *
 * @throws KINGLET_ERR_KUBE_SIM_AUDIT_POLICY with all that is wrong
 */
export function checkAuditPolicy(policy: unknown): AuditPolicy {
  const problems = isJsonRecord(policy) ? [...findProblems(policy)] : ["it is no object"];
  if (problems.length === 0) return policy as AuditPolicy;
  throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_AUDIT_POLICY", { reason: problems.join("; ") });
}

function* findProblems(policy: JsonRecord): Generator<string> {
  if (policy["apiVersion"] !== "audit.k8s.io/v1")
    yield `apiVersion is ${show(policy["apiVersion"])}, not audit.k8s.io/v1`;
  if (policy["kind"] !== "Policy") yield `kind is ${show(policy["kind"])}, not Policy`;
  yield* findStageProblems(policy, "");
  const { rules } = policy;
  if (!Array.isArray(rules) || rules.length === 0) yield "rules is empty";
  else for (const [index, rule] of rules.entries()) yield* findRuleProblems(rule, `rules[${index}].`);
}

function* findRuleProblems(rule: unknown, at: string): Generator<string> {
  if (!isJsonRecord(rule)) {
    yield `${at.slice(0, -1)} is no object`;
    return;
  }
  if (!LEVELS.includes(rule["level"])) yield `${at}level is ${show(rule["level"])}, not one of ${LEVELS.join(", ")}`;
  for (const name of LISTS) if (!isTextList(rule[name])) yield `${at}${name} is no list of texts`;
  yield* findStageProblems(rule, at);
  const { resources = [], nonResourceURLs: paths = [], namespaces = [] } = rule;
  if (!Array.isArray(resources) || !resources.every(isGroupResources)) {
    yield `${at}resources is no list of {group, resources, resourceNames}`;
    return;
  }
  const isAboutResources = resources.length > 0 || (Array.isArray(namespaces) && namespaces.length > 0);
  if (!Array.isArray(paths) || paths.length === 0) return;
  if (isAboutResources) yield `${at}nonResourceURLs stands beside resources or namespaces, which no request matches`;
  const wrong: unknown = paths.find((path) => typeof path === "string" && path !== "*" && !/^\/[^*]*\*?$/.test(path));
  if (wrong !== undefined) yield `${at}nonResourceURLs has ${show(wrong)}, which is neither * nor /PATH nor /PATH*`;
}

function* findStageProblems(record: JsonRecord, at: string): Generator<string> {
  const { omitStages = [], omitManagedFields = false } = record;
  if (!Array.isArray(omitStages) || !omitStages.every((stage) => STAGES.includes(stage))) {
    yield `${at}omitStages is ${show(omitStages)}, not a list of ${STAGES.join(", ")}`;
  }
  if (typeof omitManagedFields !== "boolean") yield `${at}omitManagedFields is neither true nor false`;
}

function isGroupResources(entry: unknown): boolean {
  return (
    isJsonRecord(entry) &&
    ["undefined", "string"].includes(typeof entry["group"]) &&
    isTextList(entry["resources"]) &&
    isTextList(entry["resourceNames"])
  );
}

function isTextList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((item) => typeof item === "string"));
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "missing";
}
