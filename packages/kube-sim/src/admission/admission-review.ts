import { anonymousUser, presentUser } from "../authorization/user-info.ts";
import { isJsonRecord, textOf, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";
import { convertObject, nameOf, namespaceOf, requestedTarget, type AdmissionTarget } from "./admission-attributes.ts";
import type { Webhook } from "./webhook.ts";

/** A review in one of the versions that the server speaks. */
export interface Review {
  readonly uid: string;
  readonly version: "v1" | "v1beta1";
  readonly body: object;
}

/** What a webhook answered, checked. */
export interface ReviewAnswer {
  readonly isAllowed: boolean;
  readonly status: JsonRecord | undefined;
  /** The text of a JSON patch; "" for none. */
  readonly patch: string;
  readonly patchType: string;
  readonly warnings: readonly string[];
  /** For the audit log, without the webhook's name before their keys. */
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/**
 * The question for a webhook.
 *
 * @param object - what is to be written, in the version of `attempt`.
 * @returns undefined when the webhook knows none of the versions that the server speaks.
 */
export function createReview(
  webhook: Webhook,
  attempt: WriteAttempt,
  target: AdmissionTarget,
  uid: string,
): Review | undefined {
  const version = webhook.reviewVersions.find((known) => known === "v1" || known === "v1beta1");
  if (version !== "v1" && version !== "v1beta1") return undefined;
  const body = {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${version}`,
    request: reviewRequest(attempt, target, uid),
  };
  return { uid, version, body };
}

/** The `request` of a review; match conditions see the same, without the objects. */
export function reviewRequest(attempt: WriteAttempt, target: AdmissionTarget, uid: string): JsonRecord {
  const requested = requestedTarget(attempt);
  const { subresource, resource: row } = attempt;
  const name = nameOf(attempt);
  const namespace = namespaceOf(attempt);
  return {
    uid,
    kind: target.kind,
    resource: target.resource,
    ...(subresource === "" ? {} : { subResource: subresource }),
    requestKind: requested.kind,
    requestResource: requested.resource,
    ...(subresource === "" ? {} : { requestSubResource: subresource }),
    ...(name === "" ? {} : { name }),
    ...(namespace === "" ? {} : { namespace }),
    operation: attempt.operation,
    userInfo: presentUser(attempt.user ?? anonymousUser),
    object: shown(convertObject(attempt.object, row, target.row)),
    oldObject: shown(convertObject(attempt.oldObject, row, target.row)),
    dryRun: attempt.isDryRun === true,
    // A PATCH passes for the update, or the creation, that it amounts to.
    options: attempt.options === undefined ? null : { ...attempt.options, kind: OPTIONS[attempt.operation] },
  };
}

const OPTIONS: Readonly<Record<WriteAttempt["operation"], string>> = {
  CREATE: "CreateOptions",
  UPDATE: "UpdateOptions",
  DELETE: "DeleteOptions",
  CONNECT: "",
};

/** A generated name is not there yet. */
function shown(object: KubeObject | undefined): JsonRecord | null {
  if (object === undefined) return null;
  if (!isJsonRecord(object.metadata) || object.metadata.name !== "") return object;
  const { name: _name, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/**
 * Checks an answer as strictly as the API server does.
 *
 * @returns the answer, or what is wrong with it.
 * @see k8s.io/apiserver v0.36.3 pkg/admission/plugin/webhook/request
 */
export function checkAnswer(review: Review, answer: JsonRecord, isMutating: boolean): ReviewAnswer | string {
  const response = answer["response"];
  if (!isJsonRecord(response)) return "webhook response was absent";
  const patch = typeof response["patch"] === "string" ? response["patch"] : "";
  let patchType = typeof response["patchType"] === "string" ? response["patchType"] : undefined;
  if (review.version === "v1") {
    const problem = findStrictProblem(review, answer, response, isMutating, patch, patchType);
    if (problem !== undefined) return problem;
  } else {
    patchType = patch === "" ? undefined : "JSONPatch";
  }
  const { status, warnings, auditAnnotations } = response;
  return {
    isAllowed: response["allowed"] === true,
    status: isJsonRecord(status) ? status : undefined,
    patch: isMutating ? Buffer.from(patch, "base64").toString() : "",
    patchType: patchType ?? "",
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    auditAnnotations: isJsonRecord(auditAnnotations)
      ? Object.fromEntries(Object.entries(auditAnnotations).map(([key, value]) => [key, String(value)]))
      : {},
  };
}

function findStrictProblem(
  review: Review,
  answer: JsonRecord,
  response: JsonRecord,
  isMutating: boolean,
  patch: string,
  patchType: string | undefined,
): string | undefined {
  const uid = typeof response["uid"] === "string" ? response["uid"] : "";
  if (uid !== review.uid) return `expected response.uid=${JSON.stringify(review.uid)}, got ${JSON.stringify(uid)}`;
  const [group = "", version = ""] = textOf(answer["apiVersion"]).split("/");
  const kind = textOf(answer["kind"]);
  if (group !== "admission.k8s.io" || version !== "v1" || kind !== "AdmissionReview") {
    return `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${group}/${version}, Kind=${kind}`;
  }
  if (!isMutating) {
    if (patch !== "") return "validating webhook may not return response.patch";
    return patchType === undefined ? undefined : "validating webhook may not return response.patchType";
  }
  if (patch !== "" && patchType === undefined) return "webhook returned response.patch but not response.patchType";
  if (patch === "" && patchType !== undefined) return "webhook returned response.patchType but not response.patch";
  return patchType === "" ? 'webhook returned invalid response.patchType of ""' : undefined;
}
