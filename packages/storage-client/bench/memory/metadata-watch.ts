/**
 * What a metadata watch keeps for each object: `node --conditions=@kinglet/source --expose-gc packages/storage-client/bench/memory/metadata-watch.ts`
 *
 * The simulator runs in the same process; its memory does not change between the two measurements.
 */
import { setTimeout as delay } from "node:timers/promises";

import { createKubeClient } from "@kinglet/kube-client";
import { openKubeSim, type KubeObjectInput } from "@kinglet/kube-sim";

import { createKubernetesProfileStore } from "../../src/index.ts";

const GROUP = "spdx.softwarecomposition.kubescape.io";
const OBJECTS = 5_000;
const IDLE_MS = 5_000;

function definition(kind: string): KubeObjectInput {
  const plural = `${kind.toLowerCase()}s`;
  const spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: "v1beta1", served: true, storage: true, schema }],
    },
  };
}

function profile(at: number): KubeObjectInput {
  return {
    apiVersion: `${GROUP}/v1beta1`,
    kind: "ContainerProfile",
    metadata: {
      name: `replicaset-web-${at}-77b4fdf86c-app-${(at * 7919) % 65_536}-ffff`,
      namespace: `shop-${at % 50}`,
      labels: { "kubescape.io/workload-kind": "Deployment", "kubescape.io/workload-name": `web-${at}` },
      annotations: { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" },
    },
    spec: { syscalls: Array.from({ length: 20 }, (_, index) => `call_${at}_${index}`) },
  };
}

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await delay(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Adds up what a watch of so many objects costs, from nothing to idle. */
async function measure(objects: number): Promise<{ readonly bytes: number; readonly idleRequests: number }> {
  await using sim = await openKubeSim({ tls: false });
  for (const kind of ["ContainerProfile", "ApplicationProfile", "NetworkNeighborhood"]) sim.apply(definition(kind));
  for (let at = 0; at < objects; at++) sim.apply(profile(at));
  const access = { server: sim.server, caPem: sim.caPem, token: sim.token, origin: "bench" };
  await using client = createKubeClient(access);
  const store = createKubernetesProfileStore(client);
  const { signal } = new AbortController();
  await store.getContainerProfile("shop-0", "warm-up", { signal });
  sim.clearJournal();
  const before = await heapBytes();
  const stop = new AbortController();
  const { promise: synced, resolve } = Promise.withResolvers<void>();
  const handler = { changed: () => {}, synced: resolve, lost: () => {} };
  const watching = store.watchMetadata(handler, { signal: stop.signal });
  await synced;
  await delay(500);
  sim.clearJournal();
  const bytes = (await heapBytes()) - before;
  await delay(IDLE_MS);
  const idleRequests = sim.journal().length;
  stop.abort();
  await watching;
  return { bytes, idleRequests };
}

await measure(10);
const few = await measure(10);
const many = await measure(OBJECTS);
const perObject = (many.bytes - few.bytes) / (OBJECTS - 10);
process.stdout.write(`watch of 10 objects: ${Math.round(few.bytes / 1_000)} KB\n`);
process.stdout.write(`each further object: ${Math.round(perObject)} B\n`);
process.stdout.write(`requests in ${IDLE_MS / 1_000} s idle: ${many.idleRequests}\n`);
