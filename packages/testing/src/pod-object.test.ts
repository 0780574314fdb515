import { describe, expect, it } from "vitest";
import { podObject } from "./pod-object.ts";

describe("podObject", () => {
  it("gives every container an id of its own, always the same, unless it has not started", () => {
    const containers = [{ name: "app" }, { name: "late", containerId: "" }];
    const pod = podObject({ name: "web-1", containers, initContainers: [{ name: "init" }] });
    expect(pod).toEqual(podObject({ name: "web-1", containers, initContainers: [{ name: "init" }] }));
    const statuses = pod.status["containerStatuses"] as { containerID?: string }[];
    expect(statuses[0]?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
    expect(statuses[1]?.containerID).toBeUndefined();
    expect(pod.status["initContainerStatuses"]).not.toEqual(statuses);
  });

  it("names its owners with a uid", () => {
    const pod = podObject({
      name: "web-1",
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" }],
    });
    expect(pod.metadata.ownerReferences?.[0]).toMatchObject({ kind: "ReplicaSet", controller: true });
    expect(pod.metadata.ownerReferences?.[0]?.uid).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});
