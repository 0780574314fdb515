import {
  createInformer,
  namespaces,
  type Informer,
  type InformerHandler,
  type KubeClient,
  type KubeMetadata,
  type KubeObject,
  type Projection,
  type ResourceDefinition,
} from "@kinglet/kube-client";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import {
  readNetworkPolicyCoverage,
  readPermissionLevel,
  readServiceExposures,
  type CriterionNeed,
  type EvaluationSubject,
  type PermissionLevel,
} from "@kinglet/policy-engine/security-policy";
import { createClusterRoleDecoder } from "./gen/cluster-role-decoder.ts";
import { createClusterRoleBindingDecoder } from "./gen/cluster-role-binding-decoder.ts";
import { createNamespaceDecoder } from "./gen/namespace-decoder.ts";
import { createNetworkPolicyDecoder } from "./gen/network-policy-decoder.ts";
import { createRoleDecoder } from "./gen/role-decoder.ts";
import { createRoleBindingDecoder } from "./gen/role-binding-decoder.ts";
import { createServiceDecoder } from "./gen/service-decoder.ts";

/** What is known around workloads, for the namespace of one. @public */
export type Surroundings = Omit<EvaluationSubject, "workload" | "image">;

/** A kind that is followed, and what of it is kept. */
interface Followed {
  readonly resource: ResourceDefinition;
  readonly projection: Projection;
}

/** Kinds by the need of criteria that they serve. */
const followedBy: Readonly<Partial<Record<CriterionNeed, readonly Followed[]>>> = {
  namespaceLabels: [
    { resource: namespaces, projection: { paths: ["metadata.labels"], protobuf: createNamespaceDecoder } },
  ],
  services: [
    {
      resource: { group: "", version: "v1", plural: "services", kind: "Service", namespaced: true },
      projection: {
        paths: ["spec.selector", "spec.type", "spec.ports", "spec.externalIPs"],
        protobuf: createServiceDecoder,
      },
    },
  ],
  networkPolicies: [
    {
      resource: {
        group: "networking.k8s.io",
        version: "v1",
        plural: "networkpolicies",
        kind: "NetworkPolicy",
        namespaced: true,
      },
      projection: {
        paths: ["spec.podSelector", "spec.policyTypes", "spec.egress"],
        protobuf: createNetworkPolicyDecoder,
      },
    },
  ],
  rbac: [
    {
      resource: { group: "rbac.authorization.k8s.io", version: "v1", plural: "roles", kind: "Role", namespaced: true },
      projection: { paths: ["rules"], protobuf: createRoleDecoder },
    },
    {
      resource: {
        group: "rbac.authorization.k8s.io",
        version: "v1",
        plural: "clusterroles",
        kind: "ClusterRole",
        namespaced: false,
      },
      projection: { paths: ["rules"], protobuf: createClusterRoleDecoder },
    },
    {
      resource: {
        group: "rbac.authorization.k8s.io",
        version: "v1",
        plural: "rolebindings",
        kind: "RoleBinding",
        namespaced: true,
      },
      projection: { paths: ["roleRef", "subjects"], protobuf: createRoleBindingDecoder },
    },
    {
      resource: {
        group: "rbac.authorization.k8s.io",
        version: "v1",
        plural: "clusterrolebindings",
        kind: "ClusterRoleBinding",
        namespaced: false,
      },
      projection: { paths: ["roleRef", "subjects"], protobuf: createClusterRoleBindingDecoder },
    },
  ],
};

/** Answers about permissions that are kept. */
const maxAccounts = 1000;

type LabelledMetadata = KubeMetadata & { readonly labels?: Readonly<Record<string, string>> };

/** An informer and the kind of what it holds, which its objects do not say. */
interface Open {
  readonly kind: string;
  readonly informer: Informer<KubeObject>;
  readonly stop: AbortController;
}

/**
 * Follows what policies ask about besides the object: labels of namespaces, services, network policies, roles.
 *
 * A kind is followed from when a policy in force needs it until none does, in a projection of what is looked at. Until its first list is complete nothing is
 * said about it, so policies that depend on it are not evaluated; a watch that breaks later leaves what was known.
 *
 * @public
 */
export class ClusterSurroundings implements AsyncDisposable {
  readonly #options: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly cluster: string;
  };
  readonly #open = new Map<CriterionNeed, readonly Open[]>();
  readonly #running = new Set<Promise<unknown>>();
  /** By namespace and service account. */
  readonly #levels = new Map<string, PermissionLevel>();

  constructor(options: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Metrics;
    /** Name of the cluster, which scopes compare with; empty when nobody says. */
    readonly cluster: string;
  }) {
    this.#options = options;
  }

  /** Kinds that are followed now. */
  get following(): readonly string[] {
    return Array.from(this.#open.values()).flatMap((opened) => opened.map(({ kind }) => kind));
  }

  /** True while data of this kind is here or on its way. */
  isFollowed(need: string): boolean {
    return this.#open.has(need as CriterionNeed);
  }

  /** Follows what these needs ask for, and nothing else from now on. */
  follow(needs: ReadonlySet<CriterionNeed>): void {
    for (const [need, opened] of this.#open) {
      if (needs.has(need)) continue;
      for (const { stop } of opened) stop.abort(new Error("no policy asks for it any more"));
      this.#open.delete(need);
    }
    for (const need of needs) {
      const followed = followedBy[need];
      if (followed === undefined || this.#open.has(need)) continue;
      const handler: InformerHandler<KubeObject> = need === "rbac" ? this.#forgetting() : {};
      this.#open.set(
        need,
        followed.map((one) => this.#start(one, handler)),
      );
    }
  }

  /** What is known for a namespace now. */
  of(namespace: string): Surroundings {
    const { cluster } = this.#options;
    const labels = this.#namespaceLabels(namespace);
    return {
      ...(cluster === "" ? {} : { cluster }),
      ...(labels === undefined ? {} : { namespaceLabels: labels }),
      services: (workload) => {
        const services = this.#objects("services", workload.namespace);
        return services === undefined ? undefined : readServiceExposures(workload, services);
      },
      networkPolicies: (workload) => {
        const found = this.#objects("networkPolicies", workload.namespace);
        return found === undefined ? undefined : readNetworkPolicyCoverage(workload, found);
      },
      rbac: (workload) => {
        const key = `${workload.namespace}/${workload.serviceAccount}`;
        const known = this.#levels.get(key);
        if (known !== undefined) return known;
        const found = this.#objects("rbac", undefined);
        if (found === undefined) return undefined;
        const level = readPermissionLevel(workload, found);
        if (this.#levels.size >= maxAccounts) this.#levels.clear();
        this.#levels.set(key, level);
        return level;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.follow(new Set());
    await Promise.all(this.#running);
  }

  #start({ resource, projection }: Followed, handler: InformerHandler<KubeObject>): Open {
    const { client, clock, logger, metrics } = this.#options;
    const informer = createInformer<KubeObject>(client, resource, { projection, clock, logger, metrics });
    informer.addHandler(handler);
    const stop = new AbortController();
    const running = informer.run({ signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted)
        logger.error("what policies ask about is no longer followed", { kind: resource.kind, error });
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return { kind: resource.kind, informer, stop };
  }

  #forgetting(): InformerHandler<KubeObject> {
    const forget = (): void => this.#levels.clear();
    return { onAdd: forget, onUpdate: forget, onDelete: forget };
  }

  /** Undefined while they are not all known. */
  #objects(need: CriterionNeed, namespace: string | undefined): readonly unknown[] | undefined {
    const opened = this.#open.get(need);
    if (opened === undefined || !opened.every(({ informer }) => informer.isSynced)) return undefined;
    const objects: unknown[] = [];
    for (const { kind, informer } of opened) {
      const found = namespace === undefined ? informer.values() : informer.inNamespace(namespace);
      for (const object of found) objects.push({ ...object, kind });
    }
    return objects;
  }

  #namespaceLabels(namespace: string): ReadonlyMap<string, string> | undefined {
    const informer = this.#open.get("namespaceLabels")?.[0]?.informer;
    if (informer?.isSynced !== true) return undefined;
    const metadata: LabelledMetadata | undefined = informer.get(namespace)?.metadata;
    return metadata === undefined ? undefined : new Map(Object.entries(metadata.labels ?? {}));
  }
}
