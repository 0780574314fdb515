/**
 * Executions through the detector with R0001: `vitest bench packages/detection`.
 */
import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { parseContainerProfile } from "@kinglet/profile";
import { test } from "vitest";

import { createDetector, loadBuiltinRules } from "../src/index.ts";
import { profileViewOf } from "../test/profile-views.ts";
import { setAnswers } from "./set-answers.ts";

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

const profile = parseContainerProfile({
  apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
  kind: "ContainerProfile",
  metadata: { name: "web", namespace: "shop" },
  spec: { execs: Array.from({ length: 50 }, (_, index) => ({ path: `/usr/bin/tool-${index}`, args: [] })) },
});

const view = profileViewOf(profile, { content: setAnswers(profile) });

const execOf = (index: number, binary: string, isReplay = false): ExecEvent =>
  new ExecEvent({ sequence: index, binary, args: "-v", execId: `bm9kZTox${index}`, isReplay });
const known = Array.from({ length: 64 }, (_, index) => execOf(index, `/usr/bin/tool-${index % 50}`));
const unknown = Array.from({ length: 64 }, (_, index) => execOf(index, "/tmp/x"));
const replays = Array.from({ length: 64 }, (_, index) => execOf(index, "/tmp/x", true));

test("Detector/detect", async ({ bench }) => {
  const views = new Map([[container.containerId, view]]);
  const detector = createDetector({
    rules: (await loadBuiltinRules()).filter(({ id }) => id === "R0001"),
    profiles: views,
    clusterName: "demo",
    nodeName: "node-1",
    logger: noopLogger,
    metrics: noopMetrics,
  });
  await detector.prepare();
  let next = 0;
  await bench.compare(
    // The same decision without rules: what R0001 means, written by hand.
    bench("oracle/known path", () => {
      const event = known[next++ & 63]!;
      const found = views.get(container.containerId);
      if (!event.isReplay && found?.status === "completed" && !found.content.wasExecuted(event.binary))
        throw new Error("known");
    }),
    bench("detect/known path", () => {
      detector.detect(known[next++ & 63]!, container);
    }),
    bench("detect/unknown path, alert", () => {
      detector.detect(unknown[next++ & 63]!, container);
    }),
    bench("detect/replay", () => {
      detector.detect(replays[next++ & 63]!, container);
    }),
  );
});
