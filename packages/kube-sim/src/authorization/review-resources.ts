import { isJsonRecord, textOf, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";
import type { ServedResource, SubresourceCall } from "../resources/served-resource.ts";
import type { StatusCause } from "../refusals/api-refusal.ts";
import { anonymousUser, presentUser, type UserInfo } from "./user-info.ts";
import { recordBody } from "./record-body.ts";
import type { PolicyRule } from "./policy-rule.ts";
import type { RequestAttributes } from "./request-attributes.ts";

const AUTHENTICATION = "authentication.k8s.io";
const AUTHORIZATION = "authorization.k8s.io";

/** The questions about identity and permission that clients may ask: POST answers, nothing is stored. */
export function reviewResources(): ServedResource[] {
  return [
    row(AUTHENTICATION, "SelfSubjectReview", reviewSelf),
    row(AUTHENTICATION, "TokenReview", reviewToken),
    row(AUTHORIZATION, "LocalSubjectAccessReview", reviewAccess, true),
    row(AUTHORIZATION, "SelfSubjectAccessReview", reviewOwnAccess),
    row(AUTHORIZATION, "SelfSubjectRulesReview", reviewOwnRules),
    row(AUTHORIZATION, "SubjectAccessReview", reviewAccess),
  ];
}

type Answer = (call: SubresourceCall, body: KubeObject, user: UserInfo) => JsonRecord | Promise<JsonRecord>;

function row(group: string, kind: string, answer: Answer, namespaced = false): ServedResource {
  const singular = kind.toLowerCase();
  return {
    group,
    version: "v1",
    plural: `${singular}s`,
    singular,
    kind,
    namespaced,
    verbs: ["create"],
    handleCreate: async (call) => {
      const { exchange, resource } = call;
      const body = call.parse(resource);
      if (body.metadata.name === "") delete (body.metadata as Partial<KubeObject["metadata"]>).name;
      await recordBody(call, resource, "", body);
      const answered = await answer(call, body, exchange.user ?? anonymousUser);
      exchange.sendJson(201, { kind, apiVersion: `${group}/v1`, ...answered });
    },
  };
}

/** Sends the question through admission, as every create is. */
async function admit(call: SubresourceCall, body: KubeObject): Promise<void> {
  const { info, resource, request } = call;
  const at = { namespace: info.namespace, name: "", subresource: "" };
  await call.writer.admit({ ...request, ...at, operation: "CREATE", resource, object: body, oldObject: undefined });
}

async function reviewSelf(call: SubresourceCall, body: KubeObject, user: UserInfo): Promise<JsonRecord> {
  await admit(call, body);
  const creationTimestamp = new Date(call.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  return { metadata: { creationTimestamp }, status: { userInfo: presentUser(user) } };
}

async function reviewToken(call: SubresourceCall, body: KubeObject): Promise<JsonRecord> {
  const { access } = call;
  const spec = isJsonRecord(body.spec) ? body.spec : {};
  const token = typeof spec["token"] === "string" ? spec["token"] : "";
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  await admit(call, body);
  const asked = Array.isArray(spec["audiences"]) ? spec["audiences"].map(String) : [];
  const verdict = access.checkToken(token, asked.length === 0 ? access.audiences : asked);
  if (verdict.kind === "user") {
    const { user, audiences } = verdict;
    return { metadata: body.metadata, spec, status: { authenticated: true, user: presentUser(user), audiences } };
  }
  const error = verdict.kind === "invalid" ? verdict.reason : "invalid bearer token";
  return { metadata: body.metadata, spec, status: { user: {}, error } };
}

async function reviewOwnAccess(call: SubresourceCall, body: KubeObject, user: UserInfo): Promise<JsonRecord> {
  const spec = isJsonRecord(body.spec) ? body.spec : {};
  return decide(call, body, spec, user, findSpecProblems(spec));
}

async function reviewAccess(call: SubresourceCall, body: KubeObject): Promise<JsonRecord> {
  const spec = isJsonRecord(body.spec) ? body.spec : {};
  const groups = Array.isArray(spec["groups"]) ? spec["groups"].map(String) : [];
  const name = textOf(spec["user"]);
  const problems = findSpecProblems(spec);
  if (name === "" && groups.length === 0) {
    problems.push(wrong("spec.user", '""', "at least one of user or group must be specified"));
  }
  if (call.resource.namespaced) problems.push(...findLocalProblems(spec, call.info.namespace));
  const extra: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(isJsonRecord(spec["extra"]) ? spec["extra"] : {})) {
    if (Array.isArray(values)) extra[key] = values.map(String);
  }
  return decide(call, body, spec, { name, groups, uid: textOf(spec["uid"]), extra }, problems);
}

async function decide(
  call: SubresourceCall,
  body: KubeObject,
  spec: JsonRecord,
  user: UserInfo,
  problems: StatusCause[],
): Promise<JsonRecord> {
  const { namespace: _namespace, managedFields: _fields, creationTimestamp: _time, ...others } = body.metadata;
  if (Object.values(others).some((value) => value !== undefined && value !== "")) {
    const why = call.resource.namespaced ? "must be empty except for namespace" : "must be empty";
    problems.push(wrong("metadata", JSON.stringify(others), why));
  }
  if (problems.length > 0) throw invalidReview(problems);
  await admit(call, body);
  const { allowed, reason } = call.access.authorize(user, readAttributes(spec));
  return { metadata: body.metadata, spec, status: { allowed, ...(reason === "" ? {} : { reason }) } };
}

async function reviewOwnRules(call: SubresourceCall, body: KubeObject, user: UserInfo): Promise<JsonRecord> {
  const spec = isJsonRecord(body.spec) ? body.spec : {};
  const namespace = textOf(spec["namespace"]);
  if (namespace === "") throw badRequest("no namespace on request");
  await admit(call, body);
  const { rbac } = call.access;
  const { rules, errors } = rbac?.rulesFor(user, namespace) ?? everything;
  const resourceRules = rules.filter((rule) => rule.resources.length > 0).map(presentRule);
  const nonResourceRules = rules
    .filter((rule) => rule.nonResourceURLs.length > 0)
    .map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs }));
  const evaluationError = [...new Set(errors)].join(", ");
  return {
    metadata: {},
    spec: {},
    status: {
      resourceRules,
      nonResourceRules,
      incomplete: false,
      ...(evaluationError === "" ? {} : { evaluationError }),
    },
  };
}

function presentRule(rule: PolicyRule): object {
  const { verbs, apiGroups, resources, resourceNames } = rule;
  return { verbs, apiGroups, resources, ...(resourceNames.length === 0 ? {} : { resourceNames }) };
}

const everything = {
  rules: [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs: [] },
    { verbs: ["*"], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ["*"] },
  ],
  errors: [] as readonly string[],
} as const;

function readAttributes(spec: JsonRecord): RequestAttributes {
  const path = spec["nonResourceAttributes"];
  if (isJsonRecord(path)) return { isResource: false, verb: textOf(path["verb"]), path: textOf(path["path"]) };
  const asked = isJsonRecord(spec["resourceAttributes"]) ? spec["resourceAttributes"] : {};
  const read = (field: string): string => textOf(asked[field]);
  return {
    isResource: true,
    verb: read("verb"),
    group: read("group"),
    resource: read("resource"),
    subresource: read("subresource"),
    namespace: read("namespace"),
    name: read("name"),
  };
}

function findSpecProblems(spec: JsonRecord): StatusCause[] {
  const hasResource = isJsonRecord(spec["resourceAttributes"]);
  const path = spec["nonResourceAttributes"];
  if (hasResource && isJsonRecord(path)) {
    const value = JSON.stringify({ Path: textOf(path["path"]), Verb: textOf(path["verb"]) });
    return [wrong("spec.nonResourceAttributes", value, "cannot be specified in combination with resourceAttributes")];
  }
  if (hasResource || isJsonRecord(path)) return [];
  const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [wrong("spec.resourceAttributes", "null", why)];
}

function findLocalProblems(spec: JsonRecord, namespace: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const asked = spec["resourceAttributes"];
  if (isJsonRecord(asked) && textOf(asked["namespace"]) !== namespace) {
    const value = JSON.stringify(textOf(asked["namespace"]));
    problems.push(wrong("spec.resourceAttributes.namespace", value, "must match metadata.namespace"));
  }
  const path = spec["nonResourceAttributes"];
  if (isJsonRecord(path)) {
    const value = JSON.stringify({ Path: textOf(path["path"]), Verb: textOf(path["verb"]) });
    problems.push(wrong("spec.nonResourceAttributes", value, "disallowed on this kind of request"));
  }
  return problems;
}

/** These refusals name only the group: the real server has lost the kind by then. */
function invalidReview(causes: readonly StatusCause[]): Error {
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return refusal(422, "Invalid", `.${AUTHORIZATION} "" is invalid: ${list}`, {
    details: { group: AUTHORIZATION, causes },
  });
}

function wrong(field: string, value: string, why: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${value}: ${why}`, field };
}
