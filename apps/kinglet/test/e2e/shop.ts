import { containerSlug } from "@kinglet/profile";
import {
  apiCall,
  containerIdOf,
  containerProfileObject,
  containerProfilesPath,
  createNamespace,
  createNode,
  createPod,
  execLine,
  exitLine,
  installCrds,
  podObject,
  type ClusterFixture,
  type ContainerProfileInput,
} from "@kinglet/testing";

/** The node whose pods the tests watch. */
export const nodeName = "node-a";

/** A workload with one pod of one container, and the profile that goes with it. */
export interface ShopWorkload {
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly containerId: string;
  readonly replicaSet: string;
}

/** Programs that every profile of the shop lists. */
export const permitted: readonly string[] = ["/usr/local/bin/node", "/bin/sh"];

/** Prepares a cluster: the definitions, the node and one namespace. */
export async function prepareShop(fixture: ClusterFixture, namespace: string): Promise<void> {
  await installCrds(fixture);
  await createNode(fixture, nodeName);
  await createNamespace(fixture, namespace);
}

/** Creates a running pod of a Deployment and, unless told not to, the profile of its container. */
export async function addWorkload(
  fixture: ClusterFixture,
  namespace: string,
  name: string,
  options: {
    readonly execs?: ContainerProfileInput["execs"];
    readonly hasProfile?: boolean;
    readonly labels?: Readonly<Record<string, string>>;
  } = {},
): Promise<ShopWorkload> {
  const hash = "7d9f6c5b48";
  const replicaSet = `${name}-${hash}`;
  const podName = `${replicaSet}-x2k9p`;
  const containerId = containerIdOf(`${namespace}/${podName}/app/0`);
  const workload: ShopWorkload = { namespace, podName, containerName: "app", containerId, replicaSet };
  if (options.hasProfile !== false) await addProfile(fixture, workload, options.execs ?? permitted);
  await createPod(
    fixture,
    podObject({
      name: podName,
      namespace,
      nodeName,
      labels: { app: name, "pod-template-hash": hash, ...options.labels },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: replicaSet }],
      containers: [{ name: "app", containerId }],
    }),
  );
  return workload;
}

/** Creates a running pod of a Job, e.g. of a CronJob's run `backup-28000000`; it has no profile. */
export async function addRun(fixture: ClusterFixture, namespace: string, jobName: string): Promise<ShopWorkload> {
  const podName = `${jobName}-x2k9p`;
  const containerId = containerIdOf(`${namespace}/${podName}/app/0`);
  await createPod(
    fixture,
    podObject({
      name: podName,
      namespace,
      nodeName,
      labels: { "job-name": jobName },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: jobName }],
      containers: [{ name: "app", containerId }],
    }),
  );
  return { namespace, podName, containerName: "app", containerId, replicaSet: jobName };
}

/** Creates the completed profile of a workload's container. */
export async function addProfile(
  fixture: ClusterFixture,
  workload: ShopWorkload,
  execs: NonNullable<ContainerProfileInput["execs"]>,
): Promise<void> {
  const profile = containerProfileObject({ name: profileNameOf(workload), namespace: workload.namespace, execs });
  await apiCall(fixture, "POST", containerProfilesPath(workload.namespace), profile);
}

/** Name of the profile of a workload's container. */
export function profileNameOf(workload: ShopWorkload): string {
  return containerSlug({
    apiVersion: "apps/v1",
    namespace: workload.namespace,
    kind: "ReplicaSet",
    name: workload.replicaSet,
    containerType: "containers",
    containerName: workload.containerName,
  });
}

/** The container's runtime has started it again: the same container, another id. */
export async function restartContainer(
  fixture: ClusterFixture,
  workload: ShopWorkload,
  round: number,
): Promise<ShopWorkload> {
  const containerId = containerIdOf(`${workload.namespace}/${workload.podName}/app/${String(round)}`);
  const path = `/api/v1/namespaces/${workload.namespace}/pods/${workload.podName}/status`;
  const { status } = podObject({
    name: workload.podName,
    namespace: workload.namespace,
    containers: [{ name: workload.containerName, containerId }],
  });
  await apiCall(fixture, "PATCH", path, { status });
  return { ...workload, containerId };
}

let executions = 0;

/** Lines of the event file: the workload's container executes a program, and it ends. Each call is an execution of its own. */
export function executes(
  workload: ShopWorkload,
  binary: string,
  args = "",
): { readonly line: string; readonly ended: string; readonly execId: string } {
  executions += 1;
  const execId = Buffer.from(`${nodeName}:${String(1_000_000 + executions)}:${String(executions)}`).toString("base64");
  const execution = {
    binary,
    args,
    pid: 1000 + executions,
    containerId: workload.containerId,
    execId,
    flags: "execve clone",
    nodeName,
    isInInitTree: true,
  };
  return { line: execLine(execution), ended: exitLine(execution), execId };
}
