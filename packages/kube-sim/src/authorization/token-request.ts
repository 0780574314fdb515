import { isJsonRecord, readPath, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, invalid, notFound, refusal } from "../refusals/refusals.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import type { SubresourceCall, SubresourceHandler } from "../resources/served-resource.ts";
import { recordBody } from "./record-body.ts";
import type { TokenBinding } from "./service-account-tokens.ts";

const GROUP = "authentication.k8s.io";
const subject = { group: GROUP, kind: "TokenRequest" } as const;
const tokenRequestRow: SimResource = {
  group: GROUP,
  version: "v1",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  kind: "TokenRequest",
  namespaced: true,
};
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;
/** A pod's mounted token asks for this odd time; it gets a year, so that clients which never read it again go on working. */
const MOUNTED_SECONDS = 3607;
const YEAR_SECONDS = 365 * 24 * 3600;

/** `serviceaccounts/token`: issues a token for the account, bound as asked. */
export const tokenSubresource: SubresourceHandler = {
  group: GROUP,
  version: "v1",
  kind: "TokenRequest",
  verbs: ["create"],
  handle: requestToken,
};

async function requestToken(call: SubresourceCall): Promise<void> {
  const { exchange, info, store, access, clock, resource, request } = call;
  const body = call.parse(tokenRequestRow);
  const attempt = { ...request, operation: "CREATE", resource, namespace: info.namespace, name: info.name } as const;
  const wish = isJsonRecord(body.spec) ? body.spec : {};
  wish["expirationSeconds"] ??= DEFAULT_SECONDS;
  body.spec = wish;
  await recordBody(call, tokenRequestRow, "token", body);
  const object = completeBody(body, access.audiences);
  if (object.metadata.name !== "" && object.metadata.name !== info.name) {
    const message = `Invalid value: ${JSON.stringify(object.metadata.name)}: must match the service account name if specified`;
    throw invalid(subject, info.name, [{ reason: "FieldValueInvalid", message, field: "metadata.name" }]);
  }
  const account = store.table("serviceaccounts").get(`${info.namespace}/${info.name}`);
  if (account === undefined) throw notFound(resource, info.name);
  const wantedUid = object.metadata.uid ?? "";
  if (wantedUid !== "" && wantedUid !== account.metadata.uid) {
    const why =
      `the UID in the token request (${wantedUid}) does not match the UID of the service account ` +
      `(${account.metadata.uid})`;
    throw conflict(GROUP, "TokenRequest", info.name, why);
  }
  object.metadata.name = info.name;
  object.metadata.uid = account.metadata.uid;
  object.metadata.creationTimestamp = timestamp(clock.now());
  const spec = object.spec as Spec;
  const problems = findSpecProblems(spec);
  if (problems !== undefined) throw invalid(subject, "", [problems]);
  await call.writer.admit({ ...attempt, subresource: "token", object, oldObject: undefined });
  const binding = findBinding(call, account, spec);
  const isMounted =
    binding.pod !== undefined &&
    spec.expirationSeconds === MOUNTED_SECONDS &&
    spec.audiences.every((audience) => access.audiences.includes(audience));
  const seconds = isMounted ? YEAR_SECONDS : spec.expirationSeconds;
  const token = access.serviceAccountTokens.issue(account, spec.audiences, seconds, binding);
  call.request.annotate?.(
    "authentication.kubernetes.io/issued-credential-id",
    `JTI=${access.serviceAccountTokens.idOf(token)}`,
  );
  const expirationTimestamp = timestamp(clock.now() + spec.expirationSeconds * 1000);
  exchange.sendJson(201, { ...object, status: { token, expirationTimestamp } });
}

interface Spec {
  audiences: string[];
  expirationSeconds: number;
  boundObjectRef: unknown;
}

function completeBody(body: KubeObject, audiences: readonly string[]): KubeObject {
  const given = isJsonRecord(body.spec) ? body.spec : {};
  const own = Array.isArray(given["audiences"]) ? given["audiences"].map(String) : [];
  const spec = {
    ...given,
    audiences: own.length === 0 ? [...audiences] : own,
    expirationSeconds: typeof given["expirationSeconds"] === "number" ? given["expirationSeconds"] : DEFAULT_SECONDS,
    boundObjectRef: isJsonRecord(given["boundObjectRef"]) ? given["boundObjectRef"] : null,
  };
  const empty = { token: "", expirationTimestamp: null };
  return { ...body, metadata: { ...body.metadata }, spec, status: empty };
}

function findSpecProblems(
  spec: Spec,
): { readonly reason: string; readonly message: string; readonly field: string } | undefined {
  const seconds = spec.expirationSeconds;
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return undefined;
  const why = seconds < MIN_SECONDS ? "less than 10 minutes" : "larger than 2^32 seconds";
  const message = `Invalid value: ${seconds}: may not specify a duration ${why}`;
  return { reason: "FieldValueInvalid", message, field: "spec.expirationSeconds" };
}

function findBinding(call: SubresourceCall, account: KubeObject, spec: Spec): TokenBinding {
  const { store, info } = call;
  const reference = spec.boundObjectRef;
  if (!isJsonRecord(reference)) return {};
  const read = (key: string): string => (typeof reference[key] === "string" ? reference[key] : "");
  const kind = read("kind");
  const apiVersion = read("apiVersion");
  const name = read("name");
  const uid = read("uid");
  const isNode = kind === "Node";
  const plural = kind === "Pod" ? "pods" : kind === "Secret" ? "secrets" : "nodes";
  if ((apiVersion !== "v1" && apiVersion !== "") || (kind !== "Pod" && kind !== "Secret" && !isNode)) {
    const slash = apiVersion.split("/");
    const [group, version] = slash.length === 2 ? slash : ["", apiVersion];
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const object = store.table(plural).get(isNode ? name : `${info.namespace}/${name}`);
  if (object === undefined) throw notFound({ group: "", plural, kind: kind }, name);
  if (kind === "Pod" && readPath(object, "spec.serviceAccountName") !== account.metadata.name) {
    const who = JSON.stringify(account.metadata.name);
    throw badRequest(`cannot bind token for serviceaccount ${who} to pod running with different serviceaccount name.`);
  }
  if (uid !== "" && uid !== object.metadata.uid) {
    const why =
      `the UID in the bound object reference (${uid}) does not match the UID in record. ` +
      "The object might have been deleted and then recreated";
    throw conflict("", kind, name, why);
  }
  if (isNode) return { node: { name: object.metadata.name, uid: object.metadata.uid } };
  if (kind === "Secret") return { secret: object };
  const nodeName = readPath(object, "spec.nodeName");
  if (typeof nodeName !== "string" || nodeName === "") return { pod: object };
  const node = store.table("nodes").get(nodeName);
  return { pod: object, node: { name: nodeName, uid: node?.metadata.uid ?? "" } };
}

function conflict(group: string, kind: string, name: string, why: string): Error {
  const what = group === "" ? kind : `${kind}.${group}`;
  const message = `Operation cannot be fulfilled on ${what} ${JSON.stringify(name)}: ${why}`;
  const details = { name, ...(group === "" ? {} : { group }), kind };
  return refusal(409, "Conflict", message, { details });
}

function timestamp(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
}
