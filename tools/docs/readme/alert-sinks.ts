import type { Alert } from "@kinglet/alert-sinks";

export const event = { sequence: 1 };

export const alert: Alert = {
  uniqueId: "1",
  ruleId: "R0001",
  ruleName: "Unexpected process",
  severity: 1,
  message: "/bin/sh",
  time: "2026-01-01T00:00:00Z",
  clusterName: "demo",
  nodeName: "node-1",
  namespace: "shop",
  podName: "web-1",
  podUid: "u",
  containerName: "web",
  containerId: "c",
  image: "web:1",
  workloadKind: "Deployment",
  workloadName: "web",
  process: { pid: 1, uid: 0, binary: "/bin/sh", args: "", cwd: "/", execId: "e", parentBinary: "", parentPid: -1 },
  profile: undefined,
};

export const source = { confirmAlert: (_sequence: number, _uniqueId: string): Promise<void> => Promise.resolve() };

export function writeToStdout(line: string): Promise<void> {
  process.stdout.write(line);
  return Promise.resolve();
}
