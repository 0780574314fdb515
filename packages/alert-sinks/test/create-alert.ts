import type { Alert } from "@kinglet/detection";

/** An alert with everything filled in. */
export function createAlert(id: number | string, change: Partial<Alert> = {}): Alert {
  return {
    uniqueId: String(id).padStart(32, "0"),
    repetitionId: String(id).padStart(32, "0"),
    ruleId: "R0001",
    ruleName: "Unexpected process launched",
    severity: 7,
    message: `process /bin/sh started ${id}`,
    time: "2026-08-01T10:00:00.123456789Z",
    clusterName: "dev",
    nodeName: "node-1",
    namespace: "shop",
    podName: "cart-7d9f",
    podUid: "5c0f3f4e-0000-4000-8000-000000000001",
    containerName: "cart",
    containerId: "ab".repeat(32),
    image: "registry.example/cart:1",
    workloadKind: "Deployment",
    workloadName: "cart",
    process: {
      pid: 41,
      uid: 0,
      binary: "/bin/sh",
      args: '-c "id; ls"',
      cwd: "/",
      execId: "x",
      parentBinary: "/bin/bash",
      parentPid: 40,
    },
    profile: { name: "cart", status: "completed", completion: "complete", failOnProfile: true },
    ...change,
  };
}
