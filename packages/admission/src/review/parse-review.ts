import { isUtf8 } from "node:buffer";
import { createError } from "@kinglet/errors";
import { admissionErrors } from "../errors.ts";
import type { AdmissionRequest, Review, ReviewVersion } from "./admission-request.ts";
import { isRecord, recordAt, textAt, textsAt } from "./loose-json.ts";

/** The API server sends a UUID; whatever else comes is echoed into the answer, so it is bounded. */
const maxUidLength = 256;

/**
 * Reads an AdmissionReview of version v1 or v1beta1.
 *
 * Hostile input costs no more than its parsing: depth is no recursion here, wrong types count as absent, nothing is kept beyond the result.
 *
 * @throws `KINGLET_ERR_ADMISSION_REVIEW` for broken UTF-8, what is not JSON, another kind or version, no request, no uid.
 *
 * @public
 */
export function parseReview(body: Buffer): Review {
  if (!isUtf8(body)) throw reviewError("its body is not UTF-8");
  let review: unknown;
  try {
    review = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw reviewError("its body is not JSON", error);
  }
  if (!isRecord(review) || review["kind"] !== "AdmissionReview") throw reviewError("its kind is not AdmissionReview");
  const apiVersion = review["apiVersion"];
  if (!isReviewVersion(apiVersion)) throw reviewError("its apiVersion is not admission.k8s.io/v1 or v1beta1");
  const { request } = review;
  if (!isRecord(request)) throw reviewError("it holds no request");
  const uid = textAt(request, "uid");
  if (uid === "" || uid.length > maxUidLength) throw reviewError("its request has no usable uid");
  return { apiVersion, request: readRequest(request, uid, body.length) };
}

/** @internal */
export function isReviewVersion(value: unknown): value is ReviewVersion {
  return value === "admission.k8s.io/v1" || value === "admission.k8s.io/v1beta1";
}

function readRequest(request: Readonly<Record<string, unknown>>, uid: string, bytes: number): AdmissionRequest {
  const kind = recordAt(request, "kind");
  const userInfo = recordAt(request, "userInfo");
  return {
    uid,
    group: textAt(kind, "group"),
    version: textAt(kind, "version"),
    kind: textAt(kind, "kind"),
    resource: textAt(recordAt(request, "resource"), "resource"),
    subResource: textAt(request, "subResource"),
    name: textAt(request, "name"),
    namespace: textAt(request, "namespace"),
    operation: textAt(request, "operation"),
    user: textAt(userInfo, "username"),
    groups: textsAt(userInfo, "groups"),
    isDryRun: request["dryRun"] === true,
    bytes,
    object: request["object"] ?? undefined,
    oldObject: request["oldObject"] ?? undefined,
  };
}

function reviewError(reason: string, cause?: unknown): Error {
  return createError(admissionErrors, "KINGLET_ERR_ADMISSION_REVIEW", { reason }, { cause });
}
