/** The two routes of the webhook. @public */
export type Webhook = "validate" | "events";

/** @public */
export type ReviewVersion = "admission.k8s.io/v1" | "admission.k8s.io/v1beta1";

/**
 * The request of an AdmissionReview: every field that decisions look at is there and of its type; what came in another type counts as absent.
 *
 * @public
 */
export interface AdmissionRequest {
  readonly uid: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural, lower case. */
  readonly resource: string;
  /** Empty for the object itself. */
  readonly subResource: string;
  /** Empty when the server is still to generate it. */
  readonly name: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  /** Upper case. */
  readonly operation: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly isDryRun: boolean;
  /** Size of the whole review. */
  readonly bytes: number;
  /** Parsed JSON; undefined when the review has none. */
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** A review that can be answered. @public */
export interface Review {
  readonly apiVersion: ReviewVersion;
  readonly request: AdmissionRequest;
}
