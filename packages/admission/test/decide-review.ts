import { ManualClock } from "@kinglet/lifecycle";
import type { BundleObject } from "@kinglet/policy-engine/bundle";
import type { DecisionEnvironment } from "../src/decision/decision-environment.ts";
import type { Decision } from "../src/decision/decision.ts";
import type { AdmissionRequest, Review, Webhook } from "../src/review/admission-request.ts";
import type { Answer } from "../src/review/answer.ts";
import { Deadline } from "../src/timing/deadline.ts";
import { openDecider } from "./open-webhook.ts";

function template(image = "registry.example/app:1", privileged = false): object {
  return { spec: { containers: [{ name: "app", image, ...(privileged ? { securityContext: { privileged } } : {}) }] } };
}

/** A Deployment of one container. */
export function deployment(
  options: { readonly privileged?: boolean; readonly image?: string; readonly metadata?: object } = {},
): object {
  const { privileged = false, image, metadata = {} } = options;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop", ...metadata },
    spec: { replicas: 1, template: template(image, privileged) },
  };
}

/** A review of somebody who creates that privileged. */
export function request(fields: Partial<AdmissionRequest> = {}): Review {
  return {
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "u",
      group: "apps",
      version: "v1",
      kind: "Deployment",
      resource: "deployments",
      subResource: "",
      name: "web",
      namespace: "shop",
      operation: "CREATE",
      user: "ann",
      groups: [],
      isDryRun: false,
      bytes: 1000,
      object: deployment({ privileged: true }),
      oldObject: undefined,
      ...fields,
    },
  };
}

/** A review of somebody who opens a connection to a pod. */
export function connection(subResource: string, object: object): Review {
  return request({
    operation: "CONNECT",
    group: "",
    kind: "PodExecOptions",
    resource: "pods",
    subResource,
    name: "web-1",
    object,
  });
}

interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** What owns a dependent. */
export const replicaSet: OwnerReference = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: "x",
  uid: "u1",
  controller: true,
};

/** An update of something that another workload made, which leaves its specification alone. */
export function dependent(owner: Partial<OwnerReference> = {}): {
  readonly operation: string;
  readonly object: object;
  readonly oldObject: object;
} {
  const of = (labels: object): object =>
    deployment({ privileged: true, metadata: { labels, ownerReferences: [{ ...replicaSet, ...owner }] } });
  return { operation: "UPDATE", object: of({ mesh: "yes" }), oldObject: of({}) };
}

/** What is decided about a review, with that much time. */
export async function decide(
  policies: readonly BundleObject[],
  review: Review,
  environment: Partial<Omit<DecisionEnvironment, "onTimeout">> = {},
  options: {
    readonly webhook?: Webhook;
    readonly clock?: ManualClock;
    readonly leftMs?: number;
    readonly onTimeout?: "allow" | "deny";
    readonly onDecision?: (decision: Decision) => void;
  } = {},
): Promise<Answer> {
  const { clock = new ManualClock(), webhook = review.request.operation === "CONNECT" ? "events" : "validate" } =
    options;
  const { decider } = await openDecider(policies, environment, { clock, ...options });
  using deadline = new Deadline(clock.monotonicMs() + (options.leftMs ?? 5000), clock);
  return decider.decide(webhook, review, deadline);
}
