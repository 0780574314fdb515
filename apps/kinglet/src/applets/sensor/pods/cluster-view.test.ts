import type { ContainerIdentity } from "@kinglet/enrichment";
import type { KubeClient, ListEachOptions, ResourceDefinition } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClusterView, workloadByName, type OwnedObject } from "./cluster-view.ts";

const container = (ownerKind: string, ownerName: string, templateHash = ""): ContainerIdentity =>
  ({ namespace: "shop", ownerKind, ownerName, templateHash }) as ContainerIdentity;

function replicaSet(name: string, ownerReferences?: OwnedObject["metadata"]["ownerReferences"]): OwnedObject {
  const metadata = { name, namespace: "shop", uid: name, resourceVersion: "1" };
  return { metadata: ownerReferences === undefined ? metadata : { ...metadata, ownerReferences } };
}

/** A cluster that has these ReplicaSets and says nothing more. */
async function viewOf(
  ...objects: readonly OwnedObject[]
): Promise<{ readonly view: ClusterView; readonly asked: string[]; readonly stop: () => void }> {
  const stop = new AbortController();
  const asked: string[] = [];
  const client = {
    async listEach(resource: ResourceDefinition, { onItem }: ListEachOptions<OwnedObject>) {
      asked.push(resource.plural);
      if (resource.plural === "replicasets") for (const object of objects) onItem(object);
      return { resourceVersion: "1", count: 0, isPaged: false };
    },
    watch: (_resource: ResourceDefinition, { signal }: { readonly signal: AbortSignal }) => ({
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          }),
      }),
    }),
  } as unknown as KubeClient;
  const view = new ClusterView(client, { clock: new ManualClock() });
  for (const informer of view.informers) void informer.run({ signal: stop.signal });
  await Promise.all(view.informers.map((informer) => informer.waitForSync()));
  return { view, asked, stop: () => stop.abort(new Error("stop")) };
}

describe("ClusterView", () => {
  it("watches what is above the pods", async () => {
    const { asked, stop } = await viewOf();
    expect(asked.sort()).toEqual(["deployments", "namespaces", "replicasets"]);
    stop();
  });

  it("names what controls the ReplicaSet, else its first owner, else what its name tells", async () => {
    const rollout = { kind: "Rollout", name: "web", controller: true };
    const { view, stop } = await viewOf(
      replicaSet("a-1", [{ kind: "Team", name: "x" }, rollout]),
      replicaSet("b-1", [{ kind: "Team", name: "x" }]),
      replicaSet("c-1", []),
      replicaSet("d-1"),
    );
    const of = (name: string) => view.workloadOf(container("ReplicaSet", name, "1"));
    expect(of("a-1")).toEqual({ kind: "Rollout", name: "web" });
    expect(of("b-1")).toEqual({ kind: "Team", name: "x" });
    expect(of("c-1")).toEqual({ kind: "Deployment", name: "c" });
    expect(of("d-1")).toEqual({ kind: "Deployment", name: "d" });
    expect(of("unknown-1")).toEqual({ kind: "Deployment", name: "unknown" });
    expect(view.workloadOf(container("DaemonSet", "a-1"))).toEqual({ kind: "DaemonSet", name: "a-1" });
    stop();
  });
});

describe("workloadByName", () => {
  it("takes the template's hash off a ReplicaSet's name, and changes nothing else", () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
    const hash = fc.stringMatching(/^[a-z0-9]{0,10}$/);
    fc.assert(
      fc.property(fc.constantFrom("ReplicaSet", "Job", "Pod", "StatefulSet"), name, hash, (kind, base, suffix) => {
        const full = `${base}-${suffix}`;
        const workload = workloadByName(container(kind, full, suffix));
        const isDeployment = kind === "ReplicaSet" && suffix !== "";
        expect(workload).toEqual(isDeployment ? { kind: "Deployment", name: base } : { kind, name: full });
        expect(workloadByName(container(kind, base, `${suffix}x-`))).toEqual({ kind, name: base });
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
