import {
  isJsonRecord,
  recordsIn,
  textOf,
  textsIn,
  type JsonRecord,
  type KubeObject,
} from "../resources/kube-object.ts";
import type { StatusCause } from "../refusals/api-refusal.ts";
import { FieldErrors } from "../kinds/field-errors.ts";
import { label1035Problem, qualifiedNameProblems, subdomainProblem } from "../kinds/name-formats.ts";
import { MatchConditions } from "./match-conditions.ts";

const REVIEW_VERSIONS = ["v1", "v1beta1"] as const;
const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"] as const;
const MAX_CONDITIONS = 64;
const FORM = "; desired format: https://host[/path]";

/** Validation of webhook configurations, with the engine for their conditions. */
export class ConfigurationChecks {
  readonly #conditions = new MatchConditions();

  findProblems(configuration: KubeObject): readonly StatusCause[] {
    const errors = new FieldErrors();
    findConfigurationProblems(configuration, errors, this.#conditions);
    return errors.causes;
  }
}

function findConfigurationProblems(configuration: KubeObject, errors: FieldErrors, conditions: MatchConditions): void {
  const names = new Set<string>();
  for (const [index, hook] of recordsIn(configuration["webhooks"]).entries()) {
    const path = `webhooks[${index}]`;
    const name = textOf(hook["name"]);
    findHookProblems(hook, path, errors, configuration.kind === "MutatingWebhookConfiguration", conditions);
    findVersionProblems(textsIn(hook["admissionReviewVersions"]), `${path}.admissionReviewVersions`, errors);
    if (name !== "" && names.has(name)) errors.duplicate(`${path}.name`, name);
    names.add(name);
  }
}

function findHookProblems(
  hook: JsonRecord,
  path: string,
  errors: FieldErrors,
  isMutating: boolean,
  conditions: MatchConditions,
): void {
  findNameProblem(textOf(hook["name"]), `${path}.name`, errors);
  for (const [index, rule] of recordsIn(hook["rules"]).entries())
    findRuleProblems(rule, `${path}.rules[${index}]`, errors);
  const oneOf = (field: string, choices: readonly string[]): void => {
    const value = hook[field];
    if (value !== undefined && !choices.includes(textOf(value)))
      errors.notSupported(`${path}.${field}`, value, choices);
  };
  oneOf("failurePolicy", ["Fail", "Ignore"]);
  oneOf("matchPolicy", ["Equivalent", "Exact"]);
  if (hook["sideEffects"] === undefined || hook["sideEffects"] === null) {
    errors.required(`${path}.sideEffects`, "must specify one of None, NoneOnDryRun");
  } else {
    oneOf("sideEffects", ["None", "NoneOnDryRun"]);
  }
  const timeout = hook["timeoutSeconds"];
  if (typeof timeout === "number" && (timeout > 30 || timeout < 1)) {
    errors.invalid(`${path}.timeoutSeconds`, timeout, "the timeout value must be between 1 and 30 seconds");
  }
  for (const field of ["namespaceSelector", "objectSelector"]) {
    findSelectorProblems(hook[field], `${path}.${field}`, errors);
  }
  if (isMutating) oneOf("reinvocationPolicy", ["IfNeeded", "Never"]);
  findClientProblems(isJsonRecord(hook["clientConfig"]) ? hook["clientConfig"] : {}, `${path}.clientConfig`, errors);
  findConditionProblems(recordsIn(hook["matchConditions"]), `${path}.matchConditions`, errors, conditions);
}

function findNameProblem(name: string, path: string, errors: FieldErrors): void {
  if (name === "") {
    errors.required(path);
    return;
  }
  const problem = subdomainProblem(name);
  if (problem !== undefined) errors.invalid(path, name, problem);
  else if (name.split(".").length < 3) {
    errors.invalid(path, name, "should be a domain with at least three segments separated by dots");
  }
}

function findVersionProblems(versions: readonly string[], path: string, errors: FieldErrors): void {
  if (versions.length === 0) {
    errors.required(path, `must specify one of ${REVIEW_VERSIONS.join(", ")}`);
    return;
  }
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const problem = label1035Problem(version);
    if (seen.has(version)) errors.invalid(`${path}[${index}]`, version, "duplicate version");
    else if (problem !== undefined) errors.invalid(`${path}[${index}]`, version, problem);
    seen.add(version);
  }
  if (!REVIEW_VERSIONS.some((version) => seen.has(version))) {
    errors.invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`);
  }
}

function findRuleProblems(rule: JsonRecord, path: string, errors: FieldErrors): void {
  const operations = textsIn(rule["operations"]);
  if (operations.length === 0) errors.required(`${path}.operations`);
  if (operations.length > 1 && operations.includes("*")) {
    errors.invalid(`${path}.operations`, operations, "if '*' is present, must not specify other operations");
  }
  for (const [index, operation] of operations.entries()) {
    if (!OPERATIONS.some((known) => known === operation)) {
      errors.notSupported(`${path}.operations[${index}]`, operation, OPERATIONS);
    }
  }
  const groups = textsIn(rule["apiGroups"]);
  if (groups.length === 0) errors.required(`${path}.apiGroups`);
  if (groups.length > 1 && groups.includes("*")) {
    errors.invalid(`${path}.apiGroups`, groups, "if '*' is present, must not specify other API groups");
  }
  const versions = textsIn(rule["apiVersions"]);
  if (versions.length === 0) errors.required(`${path}.apiVersions`);
  if (versions.length > 1 && versions.includes("*")) {
    errors.invalid(`${path}.apiVersions`, versions, "if '*' is present, must not specify other API versions");
  }
  for (const [index, version] of versions.entries())
    if (version === "") errors.required(`${path}.apiVersions[${index}]`);
  findResourceProblems(textsIn(rule["resources"]), `${path}.resources`, errors);
  const scope = rule["scope"];
  const scopes = ["*", "Cluster", "Namespaced"];
  if (scope !== undefined && !scopes.includes(textOf(scope))) errors.notSupported(`${path}.scope`, scope, scopes);
}

function findResourceProblems(resources: readonly string[], path: string, errors: FieldErrors): void {
  if (resources.length === 0) errors.required(path);
  const withAnySubresource = new Set<string>();
  const ofAnyResource = new Set<string>();
  let isPlain = false;
  for (const [index, entry] of resources.entries()) {
    const at = `${path}[${index}]`;
    if (entry === "") {
      errors.required(at);
      continue;
    }
    const slash = entry.indexOf("/");
    if (slash < 0) {
      isPlain = entry !== "*";
      continue;
    }
    const [resource, sub] = [entry.slice(0, slash), entry.slice(slash + 1)];
    if (withAnySubresource.has(resource))
      errors.invalid(at, entry, `if '${resource}/*' is present, must not specify ${entry}`);
    if (ofAnyResource.has(sub)) errors.invalid(at, entry, `if '*/${sub}' is present, must not specify ${entry}`);
    if (sub === "*") withAnySubresource.add(resource);
    if (resource === "*") ofAnyResource.add(sub);
  }
  if (resources.length > 1 && resources.includes("*/*")) {
    errors.invalid(path, resources, "if '*/*' is present, must not specify other resources");
  }
  if (resources.includes("*") && isPlain) {
    errors.invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
  }
}

function findSelectorProblems(selector: unknown, path: string, errors: FieldErrors): void {
  if (!isJsonRecord(selector)) return;
  for (const [index, expression] of recordsIn(selector["matchExpressions"]).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    const count = textsIn(expression["values"]).length;
    const operator = textOf(expression["operator"]);
    if (operator === "In" || operator === "NotIn") {
      if (count === 0) errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (count > 0)
        errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else {
      errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    }
  }
}

function findClientProblems(client: JsonRecord, path: string, errors: FieldErrors): void {
  const { url, service } = client;
  if ((typeof url === "string") === isJsonRecord(service)) {
    errors.required(path, "exactly one of url or service is required");
  } else if (typeof url === "string") {
    findUrlProblems(url, `${path}.url`, errors);
  } else if (isJsonRecord(service)) {
    findServiceProblems(service, `${path}.service`, errors);
  }
}

function findUrlProblems(url: string, path: string, errors: FieldErrors): void {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(url);
  const [, scheme = "", authority = "", query = "", fragment = ""] = match ?? [];
  if (match === null || /\s/.test(authority)) {
    errors.required(path, `url must be a valid URL: parse ${JSON.stringify(url)}${FORM}`);
    return;
  }
  if (scheme !== "https") errors.invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`);
  const at = authority.lastIndexOf("@");
  if (authority.slice(at + 1) === "") errors.invalid(path, "", `host must be specified${FORM}`);
  if (at >= 0) errors.invalid(path, authority.slice(0, at), "user information is not permitted in the URL");
  if (fragment !== "") errors.invalid(path, fragment, "fragments are not permitted in the URL");
  if (query !== "") errors.invalid(path, query, "query parameters are not permitted in the URL");
}

function findServiceProblems(service: JsonRecord, path: string, errors: FieldErrors): void {
  // The API server passes the two names in the wrong order, so each is reported under the other's field.
  if (textOf(service["namespace"]) === "") errors.required(`${path}.name`);
  if (textOf(service["name"]) === "") errors.required(`${path}.namespace`);
  const port = service["port"];
  if (typeof port === "number" && (port < 1 || port > 65_535)) {
    errors.invalid(`${path}.port`, port, "port is not valid: must be between 1 and 65535, inclusive");
  }
  const urlPath = textOf(service["path"]);
  if (urlPath === "" || urlPath === "/") return;
  if (urlPath === "//") {
    errors.invalid(`${path}.path`, urlPath, "segment[0] may not be empty");
    return;
  }
  if (!urlPath.startsWith("/")) errors.invalid(`${path}.path`, urlPath, "must start with a '/'");
  for (const [index, step] of urlPath.slice(1).replace(/\/$/, "").split("/").entries()) {
    const problem = step === "" ? "" : subdomainProblem(step);
    if (step === "") errors.invalid(`${path}.path`, urlPath, `segment[${index}] may not be empty`);
    else if (problem !== undefined) errors.invalid(`${path}.path`, urlPath, `segment[${index}]: ${problem}`);
  }
}

function findConditionProblems(
  list: readonly JsonRecord[],
  path: string,
  errors: FieldErrors,
  conditions: MatchConditions,
): void {
  if (list.length > MAX_CONDITIONS) errors.tooMany(path, list.length, MAX_CONDITIONS);
  const names = new Set<string>();
  for (const [index, condition] of list.entries()) {
    const expression = textOf(condition["expression"]).trim();
    const name = textOf(condition["name"]);
    const at = `${path}[${index}]`;
    const problem = expression === "" ? undefined : conditions.findProblem(expression);
    if (expression === "") errors.required(`${at}.expression`);
    else if (problem !== undefined) errors.invalid(`${at}.expression`, expression, problem);
    if (name === "") errors.required(`${at}.name`);
    else for (const wrong of qualifiedNameProblems(name)) errors.invalid(`${at}.name`, name, wrong);
    if (name !== "" && names.has(name)) errors.duplicate(`${at}.name`, name);
    names.add(name);
  }
}
