/**
 * Bytes allocated per execution on the two paths without an alert. One fresh process:
 *
 *   node --expose-gc --conditions=@kinglet/source packages/detection/bench/memory/detect-allocation.ts
 */
import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { parseContainerProfile } from "@kinglet/profile";

import { createDetector, loadBuiltinRules, type ProfileView } from "../../src/index.ts";
import { setAnswers } from "../set-answers.ts";

const container: ContainerIdentity = {
  containerId: "ab".repeat(32),
  podUid: "uid",
  namespace: "shop",
  podName: "web-1",
  containerName: "web",
  containerType: "containers",
  image: "web:1",
  imageId: "",
  nodeName: "node-1",
  ownerApiVersion: "apps/v1",
  ownerKind: "ReplicaSet",
  ownerName: "web",
  templateHash: "",
};

const view: ProfileView = {
  name: "web",
  namespace: "shop",
  status: "completed",
  completion: "complete",
  checksum: "",
  content: setAnswers(
    parseContainerProfile({
      apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
      kind: "ContainerProfile",
      metadata: { name: "web", namespace: "shop" },
      spec: { execs: [{ path: "/bin/ls" }] },
    }),
  ),
};

const detector = createDetector({
  rules: loadBuiltinRules,
  profiles: { get: () => view },
  clusterName: "demo",
  nodeName: "node-1",
  logger: noopLogger,
  metrics: noopMetrics,
});
await detector.prepare();

const events: readonly (readonly [name: string, event: ExecEvent])[] = [
  ["known path", new ExecEvent({ sequence: 1, binary: "/bin/ls", argv: ["ls"] })],
  ["replay", new ExecEvent({ sequence: 1, binary: "/bin/ls", isReplay: true })],
];
for (const [name, event] of events) {
  // Long enough for the optimising compiler, short enough afterwards that no collection falls into the measurement.
  for (let round = 0; round < 200_000; round++) detector.detect(event, container);
  globalThis.gc?.();
  const rounds = 10_000;
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < rounds; round++) detector.detect(event, container);
  const perEvent = (process.memoryUsage().heapUsed - before) / rounds;
  process.stdout.write(`${name}: ${perEvent.toFixed(1)} bytes per event\n`);
}
