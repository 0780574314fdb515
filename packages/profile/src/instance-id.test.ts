import { describe, expect, it } from "vitest";

import { createInstanceId, createWorkloadInstanceId, type InstanceIdParts } from "./instance-id.ts";

const parts: InstanceIdParts = {
  apiVersion: "apps/v1",
  namespace: "default",
  kind: "ReplicaSet",
  name: "nginx-84f5585d68",
  containerType: "containers",
  containerName: "nginx",
};

describe("createInstanceId", () => {
  it("names API version, namespace, kind, name and container", () => {
    expect(createInstanceId(parts)).toBe(
      "apiVersion-apps/v1/namespace-default/kind-ReplicaSet/name-nginx-84f5585d68/containerName-nginx",
    );
  });

  it("says which list of the pod the container stands in", () => {
    expect(createInstanceId({ ...parts, containerType: "initContainers" })).toMatch(/\/initContainerName-nginx$/);
    expect(createInstanceId({ ...parts, containerType: "ephemeralContainers" })).toMatch(
      /\/ephemeralContainerName-nginx$/,
    );
  });

  it("refuses an empty part", () => {
    for (const key of ["apiVersion", "namespace", "kind", "name"] as const) {
      expect(() => createInstanceId({ ...parts, [key]: "" })).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID" }),
      );
    }
  });
});

describe("createWorkloadInstanceId", () => {
  it("leaves the container out", () => {
    expect(createWorkloadInstanceId(parts)).toBe(
      "apiVersion-apps/v1/namespace-default/kind-ReplicaSet/name-nginx-84f5585d68",
    );
  });
});
