import { hasCode } from "@kinglet/errors";
import type { KubeClient, ResourceDefinition } from "@kinglet/kube-client";
import { SingleFlight, type Clock } from "@kinglet/lifecycle";
import { listAt, recordAt, textAt } from "../review/loose-json.ts";
import type { WorkloadSource } from "./workload-source.ts";

/** How long one object may take, whoever waits for it, milliseconds. */
const fetchMs = 10_000;
/** Pod → ReplicaSet → Deployment, or Pod → Job → CronJob. */
const maxOwners = 3;

function definition(group: string, plural: string, kind: string): ResourceDefinition {
  return { group, version: "v1", plural, kind, namespaced: true };
}

function definitionOf(pluralOrKind: string): ResourceDefinition | undefined {
  switch (pluralOrKind) {
    case "pods":
    case "Pod":
      return definition("", "pods", "Pod");
    case "deployments":
    case "Deployment":
      return definition("apps", "deployments", "Deployment");
    case "replicasets":
    case "ReplicaSet":
      return definition("apps", "replicasets", "ReplicaSet");
    case "statefulsets":
    case "StatefulSet":
      return definition("apps", "statefulsets", "StatefulSet");
    case "daemonsets":
    case "DaemonSet":
      return definition("apps", "daemonsets", "DaemonSet");
    case "replicationcontrollers":
    case "ReplicationController":
      return definition("", "replicationcontrollers", "ReplicationController");
    case "jobs":
    case "Job":
      return definition("batch", "jobs", "Job");
    case "cronjobs":
    case "CronJob":
      return definition("batch", "cronjobs", "CronJob");
    case "deploymentconfigs":
    case "DeploymentConfig":
      return definition("apps.openshift.io", "deploymentconfigs", "DeploymentConfig");
    default:
      return undefined;
  }
}

/**
 * Workloads from the API, fetched when a review needs one: callers that want the same object at the same time share a request, each until its own signal fires. Nothing
 * is kept afterwards.
 *
 * @public
 */
export function createKubeWorkloadSource(client: Pick<KubeClient, "get">, clock: Clock): WorkloadSource {
  const flights = new SingleFlight<unknown>({ timeoutMs: fetchMs, clock });
  const stored: WorkloadSource["stored"] = async (resource, namespace, name, { signal }) => {
    const where = definitionOf(resource);
    if (where === undefined) return undefined;
    return flights.run(
      `${where.plural}/${namespace}/${name}`,
      async (shared) => {
        try {
          return await client.get<object>(where, name, { namespace, signal: shared });
        } catch (error) {
          if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return undefined;
          throw error;
        }
      },
      { signal },
    );
  };
  return {
    stored,
    async behindPod(namespace, pod, options) {
      let object = await stored("pods", namespace, pod, options);
      for (let step = 0; object !== undefined && step < maxOwners; step++) {
        const owner = controllerOf(object);
        if (owner === undefined || definitionOf(owner.kind) === undefined) break;
        const above = await stored(owner.kind, namespace, owner.name, options);
        if (above === undefined) break;
        object = above;
      }
      return object;
    },
  };
}

function controllerOf(object: unknown): { readonly kind: string; readonly name: string } | undefined {
  for (const reference of listAt(recordAt(object, "metadata"), "ownerReferences")) {
    const isController = (reference as { readonly controller?: unknown } | null)?.controller === true;
    if (isController) return { kind: textAt(reference, "kind"), name: textAt(reference, "name") };
  }
  return undefined;
}
