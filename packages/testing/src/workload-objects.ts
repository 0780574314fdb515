import type { OwnerReferenceInput } from "./pod-object.ts";
import { uidOf } from "./pod-object.ts";

/** What a test cares about in a workload. */
export interface WorkloadInput {
  readonly name: string;
  /** @defaultValue `default` */
  readonly namespace?: string;
  /** Labels of the pods and the selector. @defaultValue `app: NAME` */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** @defaultValue 1 */
  readonly replicas?: number;
  /** @defaultValue `registry.example/app:1.0` */
  readonly image?: string;
  readonly owner?: OwnerReferenceInput;
}

/** A ReplicaSet or Deployment. */
export interface WorkloadObject {
  readonly apiVersion: "apps/v1";
  readonly kind: "Deployment" | "ReplicaSet";
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Builds a Deployment. */
export function deploymentObject(input: WorkloadInput): WorkloadObject {
  return workload("Deployment", input);
}

/** Builds a ReplicaSet; give `owner` for one that a Deployment made. */
export function replicaSetObject(input: WorkloadInput): WorkloadObject {
  return workload("ReplicaSet", input);
}

function workload(kind: WorkloadObject["kind"], input: WorkloadInput): WorkloadObject {
  const { name, namespace = "default", podLabels = { app: name }, replicas = 1, owner } = input;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: {
      name,
      namespace,
      labels: podLabels,
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ uid: uidOf(`${owner.kind}/${owner.name}`), ...owner, controller: true }] }),
    },
    spec: {
      replicas,
      selector: { matchLabels: podLabels },
      template: {
        metadata: { labels: podLabels },
        spec: { containers: [{ name: "app", image: input.image ?? "registry.example/app:1.0" }] },
      },
    },
  };
}
