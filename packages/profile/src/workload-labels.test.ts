import { describe, expect, it } from "vitest";

import { createWorkloadId, legalLabels, workloadLabels } from "./workload-labels.ts";

const parts = {
  apiVersion: "apps/v1",
  namespace: "shop",
  kind: "ReplicaSet",
  name: "web-77b4fdf86c",
  containerType: "containers",
  containerName: "web",
} as const;

describe("workloadLabels", () => {
  it("names owner, container and template", () => {
    expect(workloadLabels(parts, "77b4fdf86c")).toEqual({
      "kubescape.io/workload-api-group": "apps",
      "kubescape.io/workload-api-version": "v1",
      "kubescape.io/workload-namespace": "shop",
      "kubescape.io/workload-kind": "ReplicaSet",
      "kubescape.io/workload-name": "web-77b4fdf86c",
      "kubescape.io/workload-container-name": "web",
      "kubescape.io/instance-template-hash": "77b4fdf86c",
    });
    expect(workloadLabels({ ...parts, apiVersion: "v1" })["kubescape.io/workload-api-group"]).toBe("");
  });

  it("leaves out values that no label may have [profile labels]", () => {
    expect(workloadLabels({ ...parts, name: "a".repeat(64) })).not.toHaveProperty(["kubescape.io/workload-name"]);
    expect(legalLabels({ a: "x y", b: "-x", c: "X_1.y", d: "", e: "x\n" })).toEqual({ c: "X_1.y", d: "" });
  });
});

describe("createWorkloadId", () => {
  it("names cluster, namespace, kind and name", () => {
    expect(createWorkloadId("a", { namespace: "default", kind: "Deployment", name: "nginx" })).toBe(
      "wlid://cluster-a/namespace-default/deployment-nginx",
    );
  });
});
