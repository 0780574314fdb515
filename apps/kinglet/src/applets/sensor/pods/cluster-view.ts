import type { ContainerIdentity } from "@kinglet/enrichment";
import {
  createInformer,
  deployments,
  namespaces,
  replicaSets,
  type Informer,
  type InformerOptions,
  type KubeClient,
  type KubeMetadata,
  type KubeObject,
} from "@kinglet/kube-client";
import { identityProjection, replicaSetProjection } from "./projections.ts";

/** The part of an object that tells who owns it. */
export interface OwnedObject extends KubeObject {
  readonly metadata: KubeMetadata & {
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
}

/** What a pod belongs to, as people name it. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/**
 * With `--scope cluster`: the objects above the pods, so that alerts name the workload a person deployed, and its existence is known.
 *
 * @internal
 */
export class ClusterView {
  readonly informers: readonly Informer<OwnedObject>[];
  readonly #replicaSets: Informer<OwnedObject>;

  constructor(client: KubeClient, options: Omit<InformerOptions, "projection">) {
    const identityOnly = { projection: identityProjection, metadataOnly: true } as const;
    this.#replicaSets = createInformer<OwnedObject>(client, replicaSets, {
      ...options,
      projection: replicaSetProjection,
    });
    this.informers = [
      this.#replicaSets,
      createInformer<OwnedObject>(client, deployments, { ...options, ...identityOnly }),
      createInformer<OwnedObject>(client, namespaces, { ...options, ...identityOnly }),
    ];
  }

  /** The workload of a container, one level above its owner where the cluster knows it. */
  workloadOf(container: ContainerIdentity): Workload {
    if (container.ownerKind !== "ReplicaSet") return ownerOf(container);
    const owners = this.#replicaSets.get(`${container.namespace}/${container.ownerName}`)?.metadata.ownerReferences;
    const owner = owners?.find((reference) => reference.controller === true) ?? owners?.[0];
    return owner === undefined ? workloadByName(container) : { kind: owner.kind, name: owner.name };
  }
}

/**
 * The workload of a container as its pod alone tells it: the owner, or the Deployment behind a ReplicaSet whose name ends with the pod's template
 * hash, which is how Deployments name their ReplicaSets.
 *
 * @internal
 */
export function workloadByName(container: ContainerIdentity): Workload {
  const suffix = `-${container.templateHash}`;
  if (container.ownerKind !== "ReplicaSet" || container.templateHash === "" || !container.ownerName.endsWith(suffix)) {
    return ownerOf(container);
  }
  return { kind: "Deployment", name: container.ownerName.slice(0, -suffix.length) };
}

function ownerOf(container: ContainerIdentity): Workload {
  return { kind: container.ownerKind, name: container.ownerName };
}
