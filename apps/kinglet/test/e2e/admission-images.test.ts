import { renameSync, writeFileSync } from "node:fs";
import { encodeBundle } from "@kinglet/policy-engine/bundle";
import { openSimCluster, openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { securityPolicy } from "../../../../packages/admission/test/security-policy.ts";
import { apiCall, deployment } from "./admission-requests.ts";
import { registerWebhook } from "./register-webhook.ts";
import { WebhookProcess } from "./webhook-process.ts";

const deployments = "/apis/apps/v1/namespaces/shop/deployments?dryRun=All";
const noRoot = securityPolicy("no-root", [{ fieldName: "Image User", values: ["root"] }], { mode: "deny" });

describe("admission-controller --image-file", () => {
  it("judges by what the file says now, also when it has answered by what it said before", async () => {
    await using cluster = await openSimCluster();
    await using folder = await openTempDir("kinglet-images-");
    const call = (method: string, path: string, body: unknown): ReturnType<typeof apiCall> =>
      apiCall(cluster, method, path, body, "application/json");
    for (const name of ["kinglet", "shop"]) {
      await call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    const { documents } = await encodeBundle({ policies: [noRoot], rules: [] });
    for (const { name, data, binaryData } of documents) {
      await call("POST", "/api/v1/namespaces/kinglet/configmaps", { metadata: { name }, data, binaryData });
    }
    const imageFile = folder.file("images.json");
    const write = (user: string): void => {
      const images = [{ ref: "registry.example/app:1", config: { user } }];
      writeFileSync(`${imageFile}.new`, JSON.stringify({ images }));
      renameSync(`${imageFile}.new`, imageFile);
    };
    write("1000");
    const { kubeconfigPath: kubeconfig } = cluster;
    const args = ["--image-file", imageFile];
    await using webhook = await WebhookProcess.start({ folder: folder.path, kubeconfig, args });
    await webhook.ready();
    await registerWebhook(cluster, webhook.port);
    const status = async (): Promise<number> => (await call("POST", deployments, deployment("app", false))).status;
    await webhook.until(async () => {
      const { text } = await webhook.http("/metrics");
      return (await status()) === 201 && /^kinglet_admission_image_fetches_total\{.*"found".*\} [1-9]/m.test(text);
    }, "an answer by the file");
    for (const [user, expected] of [
      ["root", 403],
      ["1000", 201],
    ] as const) {
      write(user);
      await webhook.until(async () => (await status()) === expected, `the answer for ${user}`);
    }
    expect(webhook.stderr()).not.toContain('"level":"error"');
  });
});
