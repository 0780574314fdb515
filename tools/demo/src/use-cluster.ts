import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { createError, describeError, hasCode } from "@kinglet/errors";
import { createKubeClient, loadClusterAccess, namespaces, pods, type KubeClient } from "@kinglet/kube-client";
import { readDefinitions } from "./definitions.ts";
import type { DemoCluster } from "./demo-cluster.ts";
import { demoErrors } from "./errors.ts";
import { installDefinitions, missingDefinitions, requireDefinitions } from "./install-definitions.ts";
import type { DemoOutput } from "./demo-output.ts";
import { waitUntil } from "./wait-until.ts";

/** @internal */
export interface UseClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isConfirmed: boolean;
  readonly installsCrds: boolean;
  readonly workloadCount: number;
  readonly output: DemoOutput;
  readonly signal: AbortSignal;
}

/**
 * The node that the pods claim to be on. It does not exist, so no kubelet takes them and nothing of them runs anywhere. A cluster's
 * pod garbage collector removes pods of missing nodes, but no earlier than 40 s after it has noticed: the demo is done by then.
 */
const nodeName = "kinglet-demo-node";

/**
 * Prepares the cluster of KUBECONFIG: says what will be created and where, asks, makes a fresh namespace.
 *
 * @param stack - removes the namespace with everything in it, whatever happened meanwhile; definitions stay.
 * @throws KINGLET_ERR_DEMO_CRDS_MISSING, KINGLET_ERR_DEMO_NOT_CONFIRMED before anything was created.
 *
 * @internal
 */
export async function useCluster(options: UseClusterOptions, stack: AsyncDisposableStack): Promise<DemoCluster> {
  const { env, output, signal } = options;
  const access = await loadClusterAccess({ env });
  const client = stack.use(createKubeClient(access, { userAgent: "kinglet-demo" }));
  const missing = await missingDefinitions(client, readDefinitions(), signal);
  if (!options.installsCrds) requireDefinitions(client, missing);
  const namespace = `kinglet-demo-${randomBytes(4).toString("hex")}`;
  output.plan(client.server, access.origin, [
    ...missing.map(({ metadata }) => `CustomResourceDefinition ${metadata.name} (stays)`),
    `Namespace ${namespace} (removed at the end, with everything in it)`,
    `${options.workloadCount} ContainerProfiles and ${options.workloadCount} pods in it, on node ${nodeName}, which does not exist: nothing of them runs`,
  ]);
  if (!options.isConfirmed) await confirm(client.server, signal);

  await installDefinitions(client, missing, signal);
  stack.defer(() => removeNamespace(client, namespace, output));
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, { signal });
  return {
    kind: "existing",
    title: `${client.server} (${access.origin})`,
    client,
    clusterName: "demo",
    nodeName,
    namespaces: { shop: namespace, operations: namespace },
    hasControllers: false,
    kubeconfigPath: undefined,
  };
}

async function confirm(server: string, signal: AbortSignal): Promise<void> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw createError(demoErrors, "KINGLET_ERR_DEMO_NOT_CONFIRMED", {
      server,
      reason: "there is no terminal to ask on",
    });
  }
  const reader = createInterface({ input: stdin, output: stderr });
  // The terminal is in raw mode meanwhile: Ctrl-C arrives here as a key, Ctrl-D as the end of the input.
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ended = new Promise<string>((resolve) => {
    reader.once("close", () => resolve("no"));
  });
  try {
    const answer = await Promise.race([reader.question("Create this? [y/N] ", { signal }), ended]);
    if (/^y(?:es)?$/i.test(answer.trim())) return;
  } finally {
    reader.close();
  }
  throw createError(demoErrors, "KINGLET_ERR_DEMO_NOT_CONFIRMED", { server, reason: "the answer was no" });
}

/** Runs during the clean-up, also after Ctrl-C: takes no signal, ends within a minute, says so when something stays. */
async function removeNamespace(client: KubeClient, namespace: string, output: DemoOutput): Promise<void> {
  const { signal } = new AbortController();
  try {
    await ignoreMissing(client.delete(namespaces, namespace));
    const isGone = async (): Promise<boolean> => {
      await endPods(client, namespace);
      return !(await exists(client, namespace));
    };
    const what = `removing namespace ${namespace}`;
    await waitUntil(isGone, { what, timeoutMs: 60_000, intervalMs: 500, signal });
    output.note(`namespace ${namespace} is removed`);
  } catch (error) {
    output.problem(
      `namespace ${namespace} may still be there: ${describeError(error)}; kubectl delete namespace ${namespace}`,
    );
  }
}

/** No kubelet would ever confirm their end: without force they would hold the namespace until the garbage collector comes. */
async function endPods(client: KubeClient, namespace: string): Promise<void> {
  const { items } = await client.list<{ readonly metadata: { readonly name: string } }>(pods, { namespace });
  for (const { metadata } of items) {
    await ignoreMissing(client.delete(pods, metadata.name, { namespace, gracePeriodSeconds: 0 }));
  }
}

async function exists(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    await client.get(namespaces, namespace);
    return true;
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
    throw error;
  }
}

async function ignoreMissing(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) throw error;
  }
}
