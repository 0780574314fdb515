import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createKubeClient, namespaces } from "@kinglet/kube-client";
import { installCrds, openSimCluster, openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { ControllerProcess } from "../e2e/controller-process.ts";
import { WebhookProcess } from "../e2e/webhook-process.ts";
import { describedMetrics } from "./described-metrics.ts";

const golden = join(import.meta.dirname, "../../golden/metrics");

describe("metrics of both controllers", () => {
  it("are those in their golden files, by name, type and help", async () => {
    await using folder = await openTempDir();
    await using cluster = await openSimCluster();
    await installCrds(cluster);
    const { server, caPem, adminToken: token, kubeconfigPath: kubeconfig } = cluster;
    await using client = createKubeClient({ server, caPem, token, origin: "test" });
    await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "kinglet" } });
    const args = ["--namespace", "kinglet"];
    await using controller = await ControllerProcess.start({ folder: folder.path, kubeconfig, args });
    await controller.ready();
    // The webhook is ready with the bundle that the controller has written.
    await using webhook = await WebhookProcess.start({ folder: folder.path, kubeconfig });
    await webhook.ready();
    for (const [name, described] of [
      ["config-controller", await describedMetrics(controller)],
      ["admission-controller", await describedMetrics(webhook)],
    ] as const) {
      const file = join(golden, `${name}.txt`);
      if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, described);
      expect(described, name).toBe(await readFile(file, "utf8"));
    }
  });
});
