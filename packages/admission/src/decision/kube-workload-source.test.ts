import { createError } from "@kinglet/errors";
import { kubeClientErrors, type KubeClient, type ResourceDefinition } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { createKubeWorkloadSource } from "./kube-workload-source.ts";

const { signal } = new AbortController();

/** Objects by `plural/name`, and what was asked. */
function openApi(objects: Readonly<Record<string, object>>): {
  readonly client: Pick<KubeClient, "get">;
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    client: {
      get: async <T>({ plural }: ResourceDefinition, name: string): Promise<T> => {
        asked.push(`${plural}/${name}`);
        const object = objects[`${plural}/${name}`];
        if (object === undefined) throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND", {});
        return object as T;
      },
    },
  };
}

function owned(kind: string, name: string): object {
  return { metadata: { ownerReferences: [{ kind, name, controller: true }] } };
}

describe("createKubeWorkloadSource", () => {
  it("goes up from the pod to what a person deployed", async () => {
    const top = { kind: "Deployment" };
    const { client } = openApi({
      "pods/p": owned("ReplicaSet", "rs"),
      "replicasets/rs": owned("Deployment", "d"),
      "deployments/d": top,
    });
    expect(await createKubeWorkloadSource(client, new ManualClock()).behindPod("shop", "p", { signal })).toBe(top);
  });

  it("stops at what it does not know, at what is gone, and after three steps of a circle", async () => {
    const foreign = owned("Shop", "s");
    const orphan = owned("ReplicaSet", "gone");
    const circle = owned("ReplicaSet", "c");
    const { client, asked } = openApi({
      "pods/a": foreign,
      "pods/b": orphan,
      "pods/c": circle,
      "replicasets/c": circle,
    });
    const source = createKubeWorkloadSource(client, new ManualClock());
    expect(await source.behindPod("shop", "a", { signal })).toBe(foreign);
    expect(await source.behindPod("shop", "b", { signal })).toBe(orphan);
    await source.behindPod("shop", "c", { signal });
    expect(asked.filter((path) => path === "replicasets/c")).toHaveLength(3);
    expect(await source.behindPod("shop", "none", { signal })).toBeUndefined();
  });

  it("asks once for all who want the same object at the same time", async () => {
    const { client, asked } = openApi({ "deployments/d": { kind: "Deployment" } });
    const source = createKubeWorkloadSource(client, new ManualClock());
    await Promise.all(Array.from({ length: 10 }, () => source.stored("deployments", "shop", "d", { signal })));
    expect(asked).toEqual(["deployments/d"]);
    expect(await source.stored("shops", "shop", "d", { signal })).toBeUndefined();
  });
});
