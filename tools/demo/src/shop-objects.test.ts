import { describe, expect, it } from "vitest";
import { runningStatus, workloadObjects } from "./shop-objects.ts";

const played = {
  workload: {
    name: "cart",
    part: "shop",
    containerName: "app",
    image: "registry.example/cart:1",
    recordedAs: "web",
    leftOut: [],
  },
  containers: [],
  permitted: ["/bin/cat", "/bin/sh"],
  outside: [],
  leftOut: [],
} as const;
const place = { namespaces: { shop: "shop", operations: "ops" }, nodeName: "node-1" };

describe("workloadObjects", () => {
  it("makes what Kubernetes would make of a Deployment, and the profile under the name the sensor looks for", () => {
    const objects = workloadObjects(played, { ...place, hasControllers: true });
    expect(objects.deployment?.metadata.name).toBe("cart");
    expect(objects.replicaSet?.metadata.name).toMatch(/^cart-[0-9a-f]{10}$/);
    expect(objects.podName).toMatch(new RegExp(`^${objects.replicaSet?.metadata.name}-[0-9a-f]{5}$`));
    expect(objects.profile.metadata.name).toMatch(
      new RegExp(`^replicaset-${objects.replicaSet?.metadata.name}-app-[0-9a-f]{4}-[0-9a-f]{4}$`),
    );
    expect(objects.profile["spec"]).toMatchObject({ execs: [{ path: "/bin/cat" }, { path: "/bin/sh" }] });
  });

  it("makes a bare pod where controllers would replace it by one that really runs", () => {
    const objects = workloadObjects(played, { ...place, hasControllers: false });
    expect([objects.deployment, objects.replicaSet]).toEqual([undefined, undefined]);
    expect(objects.pod).toMatchObject({ metadata: { name: "cart" }, spec: { nodeName: "node-1" } });
    expect(objects.profile.metadata.name).toMatch(/^pod-cart-app-[0-9a-f]{4}-[0-9a-f]{4}$/);
  });
});

describe("runningStatus", () => {
  it("reports the container under its id as a kubelet does", () => {
    expect(runningStatus(played, "ab", 1)).toMatchObject({
      phase: "Running",
      containerStatuses: [{ name: "app", containerID: "containerd://ab", restartCount: 1 }],
    });
  });
});
