import type { StatedExclusion, StatedScope } from "../model/stated-policy.ts";
import type { ProblemList } from "./problem-list.ts";
import { isUuid, type RuleSubject } from "./rule-subject.ts";

/** The rules about where a policy holds and what it leaves out. @internal */
export function validateScopes(subject: RuleSubject, problems: ProblemList): void {
  for (const [index, scope] of (subject.stated.scope ?? []).entries()) {
    if (problems.isFull) return;
    const path = `spec.scope[${index}]`;
    if (scope === undefined) continue;
    validateScope(scope, path, subject, problems);
    if (subject.eventSource === "AUDIT_LOG_EVENT" && scope.label !== undefined) {
      combination(problems, `${path}.label`, "audit-log policies cannot look at labels of workloads");
    }
  }
  for (const [index, exclusion] of (subject.stated.exclusions ?? []).entries()) {
    if (problems.isFull) return;
    if (exclusion !== undefined) validateExclusion(exclusion, `spec.exclusions[${index}]`, subject, problems);
  }
}

function validateScope(scope: StatedScope, path: string, subject: RuleSubject, problems: ProblemList): void {
  const { cluster = "", namespace = "" } = scope;
  if (cluster === "" && namespace === "" && !scope.label && !scope.clusterLabel && !scope.namespaceLabel) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", path, "must name a cluster, a namespace or a label");
  }
  if (cluster !== "" && scope.clusterLabel !== undefined) {
    combination(problems, `${path}.clusterLabel`, "cannot stand beside cluster");
  }
  if (namespace !== "" && scope.namespaceLabel !== undefined) {
    combination(problems, `${path}.namespaceLabel`, "cannot stand beside namespace");
  }
  const known = subject.knownClusters;
  if (cluster === "" || known === undefined || known.has(cluster) || isUuid(cluster)) return;
  const details = { value: cluster, permitted: [...known] };
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME", `${path}.cluster`, "is not a known cluster", details);
}

function validateExclusion(
  exclusion: StatedExclusion,
  path: string,
  subject: RuleSubject,
  problems: ProblemList,
): void {
  const { deployment, image, expiration = "" } = exclusion;
  if (deployment === undefined && image === undefined) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", path, "must name a deployment or an image");
  }
  if (expiration !== "" && !isTime(expiration)) {
    const details = { value: expiration };
    const message = "must be an RFC 3339 time, like 2027-01-31T00:00:00Z";
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE", `${path}.expiration`, message, details);
  }
  if (image !== undefined) validateImage(exclusion, path, subject, problems);
  if (deployment === undefined) return;
  const where = `${path}.deployment`;
  const { name = "", scope } = deployment;
  if (subject.stages !== undefined && !subject.stages.has("DEPLOY") && !subject.stages.has("RUNTIME")) {
    combination(problems, where, "a deployment can be excluded only from DEPLOY and RUNTIME policies");
  }
  if (name === "" && scope === undefined) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", where, "must have a name or a scope");
  }
  const isAudit = subject.eventSource === "AUDIT_LOG_EVENT";
  if (isAudit && name !== "") {
    combination(problems, `${where}.name`, "audit-log policies cannot exclude deployments by name", name);
  }
  if (scope === undefined) return;
  if (scope.clusterLabel !== undefined) combination(problems, `${where}.scope.clusterLabel`, "is not known here");
  if (scope.namespaceLabel !== undefined) combination(problems, `${where}.scope.namespaceLabel`, "is not known here");
  if (isAudit && scope.label !== undefined) {
    combination(problems, `${where}.scope.label`, "audit-log policies cannot look at labels of workloads");
  }
  validateScope(scope, `${where}.scope`, subject, problems);
}

function validateImage(
  { deployment, image }: StatedExclusion,
  path: string,
  { stages }: RuleSubject,
  problems: ProblemList,
): void {
  const where = `${path}.image`;
  if ((image?.name ?? "") === "") {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", `${where}.name`, "is required");
  }
  if (stages === undefined || stages.has("BUILD")) return;
  const message = "an image can be excluded only from BUILD policies";
  const code = "KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION";
  const details = { value: image?.name };
  // The original dropped the image and took the rest: such policies exist.
  if (deployment === undefined) problems.error(code, where, message, details);
  else problems.warning(code, where, message, details);
}

function isTime(text: string): boolean {
  const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
  return pattern.test(text) && !Number.isNaN(Date.parse(text));
}

function combination(problems: ProblemList, path: string, message: string, value?: string): void {
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", path, message, { value });
}
