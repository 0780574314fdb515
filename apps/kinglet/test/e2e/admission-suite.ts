import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTempDir, type ClusterFixture, type TempDir } from "@kinglet/testing";
import { encodeBundle, type BundleObject } from "@kinglet/policy-engine/bundle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryLimit, noExec, noPrivileged } from "../../../../packages/admission/test/security-policy.ts";
import { apiCall, deployment, pod, type ApiAnswer } from "./admission-requests.ts";
import { registerWebhook } from "./register-webhook.ts";
import { WebhookProcess } from "./webhook-process.ts";

/** The built program as webhook of an API server: what users see. */
export function describeAdmission(title: string, open: () => Promise<ClusterFixture>): void {
  describe(title, () => {
    let cluster: ClusterFixture;
    let folder: TempDir;
    let webhook: WebhookProcess;

    const call = (method: string, path: string, body?: unknown, contentType = "application/json"): Promise<ApiAnswer> =>
      apiCall(cluster, method, path, body, contentType);
    const publish = async (policies: readonly BundleObject[]): Promise<string> => {
      const { documents, sha256 } = await encodeBundle({ policies, rules: [] });
      for (const { name, data, binaryData } of documents) {
        const path = `/api/v1/namespaces/kinglet/configmaps/${name}`;
        const body = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name, namespace: "kinglet" },
          data,
          binaryData,
        };
        const { status } = await call("PUT", path, body);
        if (status === 404) await call("POST", "/api/v1/namespaces/kinglet/configmaps", body);
      }
      return sha256;
    };
    const inForce = (sha256: string): Promise<void> =>
      webhook.until(
        async () => (await webhook.debug("/debug/admission")).text.includes(sha256),
        "the bundle to be in force",
      );
    const refused = async (answer: Promise<ApiAnswer>): Promise<string> => {
      const { status, body } = await answer;
      expect(status).toBe(403);
      return (body as { message: string }).message;
    };

    beforeAll(async () => {
      cluster = await open();
      folder = await openTempDir("kinglet-webhook-");
      for (const name of ["kinglet", "shop"]) {
        await call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
      }
      webhook = await WebhookProcess.start({ folder: folder.path, kubeconfig: cluster.kubeconfigPath });
      await webhook.until(async () => (await webhook.http("/readyz")).text.includes("policies"), "the reason");
      const sha256 = await publish([noPrivileged, memoryLimit, noExec]);
      await webhook.ready();
      await inForce(sha256);
      await registerWebhook(cluster, webhook.port);
      // The API server learns of a configuration a moment later.
      await webhook.until(
        async () => (await call("POST", `${deployments}?dryRun=All`, deployment("probe", true))).status === 403,
        "the API server to ask",
      );
    });
    afterAll(async () => {
      await webhook?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    it("refuses what a policy denies, saying which and why, and raises an alert", async () => {
      const message = await refused(call("POST", deployments, deployment("bad", true)));
      expect(message).toContain("Kinglet refused the CREATE of Deployment bad in namespace shop");
      expect(message).toContain('container "app" is privileged');
      expect(message).toContain("kinglet.dev/break-glass: ticket-1234");
      await webhook.until(async () => webhook.alerts().some(({ workloadName }) => workloadName === "bad"), "an alert");
      expect(webhook.alerts().find(({ workloadName }) => workloadName === "bad")).toMatchObject({
        ruleName: "Policy privileged",
        namespace: "shop",
        workloadKind: "Deployment",
        severity: 7,
      });
      await webhook.until(async () => {
        const { body } = await call("GET", "/apis/events.k8s.io/v1/namespaces/shop/events");
        return (body as { items: { reason: string }[] }).items.some(({ reason }) => reason === "PolicyDenied");
      }, "a Kubernetes Event");
    });

    it("lets through what a policy warns about; the client sees the warning", async () => {
      const { status, warnings } = await call("POST", deployments, deployment("modest", false));
      expect(status).toBe(201);
      expect(warnings.join()).toContain("Policy memory-limit");
    });

    it("refuses an update that makes it violate, and lets others through", async () => {
      const path = `${deployments}/modest`;
      const patch = {
        spec: { template: { spec: { containers: [{ name: "app", securityContext: { privileged: true } }] } } },
      };
      await refused(call("PATCH", path, patch, "application/strategic-merge-patch+json"));
      const { status } = await call(
        "PATCH",
        path,
        { metadata: { labels: { a: "b" } } },
        "application/merge-patch+json",
      );
      expect(status).toBe(200);
    });

    it("judges a scale request by the stored workload", async () => {
      const sha256 = await publish([memoryLimit]);
      await inForce(sha256);
      expect((await call("POST", deployments, deployment("later", true))).status).toBe(201);
      await inForce(await publish([noPrivileged, memoryLimit, noExec]));
      const scale = { spec: { replicas: 3 } };
      await refused(call("PATCH", `${deployments}/later/scale`, scale, "application/merge-patch+json"));
      const { status, warnings } = await call(
        "PATCH",
        `${deployments}/modest/scale`,
        scale,
        "application/merge-patch+json",
      );
      expect([status, warnings.join().includes("memory-limit")]).toEqual([200, true]);
    });

    it("judges a dry run and tells nobody else about it", async () => {
      await refused(call("POST", `${deployments}?dryRun=All`, deployment("dry", true)));
      const { status } = await call("POST", `${deployments}?dryRun=All`, deployment("dry", false));
      expect(status).toBe(201);
      expect(webhook.alerts().some(({ workloadName }) => workloadName === "dry")).toBe(false);
    });

    it("refuses exec, and lets port-forward, a plain ephemeral container and eviction through", async () => {
      expect((await call("POST", pods, pod("web"))).status).toBe(201);
      const message = await refused(call("POST", `${pods}/web/exec?command=sh&container=app&stdin=true`));
      expect(message).toContain("Kinglet refused to exec into pod web");
      expect((await call("POST", `${pods}/web/portforward?ports=80`)).status).not.toBe(403);
      const ephemeral = {
        spec: { ephemeralContainers: [{ name: "debug", image: "busybox", targetContainerName: "app" }] },
      };
      const added = await call(
        "PATCH",
        `${pods}/web/ephemeralcontainers`,
        ephemeral,
        "application/strategic-merge-patch+json",
      );
      expect(added.status).toBe(200);
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "web", namespace: "shop" } };
      expect((await call("POST", `${pods}/web/eviction`, eviction)).status).toBe(201);
    });

    it("cannot be locked out: nothing is denied in its own and in system namespaces, without any selector", async () => {
      for (const namespace of ["kinglet", "kube-system"]) {
        const path = `/apis/apps/v1/namespaces/${namespace}/deployments?dryRun=All`;
        expect((await call("POST", path, deployment("agent", true))).status).toBe(201);
      }
    });

    it("lets an object with the break-glass annotation through, with a warning", async () => {
      const object = deployment("urgent", true, { "kinglet.dev/break-glass": "ticket-1" });
      const { status, warnings } = await call("POST", deployments, object);
      expect(status).toBe(201);
      expect(warnings.join()).toContain("break-glass");
    });

    it("keeps the last good policies when the bundle breaks, says so, and takes the next good one", async () => {
      const path = "/api/v1/namespaces/kinglet/configmaps/kinglet-policies";
      await call("PATCH", path, { data: { sha256: "0".repeat(64) } }, "application/merge-patch+json");
      await webhook.until(
        async () => (await webhook.http("/readyz")).text.includes("newest-policies"),
        "the reason in /readyz",
      );
      expect((await webhook.http("/readyz")).status).toBe(200);
      expect(await webhook.metric("kinglet_admission_bundle_stale")).toBe(1);
      await refused(call("POST", deployments, deployment("still-bad", true)));
      const sha256 = await publish([noPrivileged]);
      await inForce(sha256);
      await webhook.until(async () => (await webhook.metric("kinglet_admission_bundle_stale")) === 0, "the metric");
    });

    it("uses a new certificate as soon as its files change", async () => {
      await webhook.useCertificate("server-two");
      await webhook.until(
        async () => (await webhook.metric('kinglet_admission_certificate_reloads_total{result="loaded"}')) >= 2,
        "the reload",
      );
      await refused(call("POST", deployments, deployment("rotated", true)));
    });

    it("starts from the last good copy while the API is away", async () => {
      await using other = await openTempDir("kinglet-webhook-copy-");
      await cp(join(folder.path, "state"), join(other.path, "state"), { recursive: true });
      const kubeconfig = await readFile(cluster.kubeconfigPath, "utf8");
      await writeFile(other.file("kubeconfig"), kubeconfig.replaceAll(cluster.server, "https://127.0.0.1:1"));
      await using second = await WebhookProcess.start({ folder: other.path, kubeconfig: other.file("kubeconfig") });
      await second.ready();
      // The log comes by a pipe of its own.
      await second.until(async () => second.stderr().includes('"source":"copy"'), "the copy to be named");
    });

    it("is not ready at once on SIGTERM, answers for ten seconds more, and is done within twenty", async () => {
      const startMs = Date.now();
      webhook.signal("SIGTERM");
      await webhook.until(async () => (await webhook.http("/readyz")).status === 503, "not ready");
      expect(Date.now() - startMs).toBeLessThan(3000);
      let answered = 0;
      while (Date.now() - startMs < 9000) {
        await refused(call("POST", `${deployments}?dryRun=All`, deployment("during", true)));
        answered++;
      }
      expect(answered).toBeGreaterThan(10);
      expect(await webhook.ended).toBe(0);
      expect(Date.now() - startMs).toBeLessThan(20_000);
    });
  });
}

const deployments = "/apis/apps/v1/namespaces/shop/deployments";
const pods = "/api/v1/namespaces/shop/pods";
