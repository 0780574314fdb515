import { waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryLimit, noExec, noPrivileged } from "../../../../packages/admission/test/security-policy.ts";
import { AdmissionFleet, configurationPath, policiesPath, secretsPath } from "./admission-fleet.ts";
import { deployment, pod, type ApiAnswer } from "./admission-requests.ts";

const deployments = "/apis/apps/v1/namespaces/shop/deployments";
const pods = "/api/v1/namespaces/shop/pods";
const timeoutMs = 30_000;
/** Under which the cluster makes the pods of ReplicaSets. */
const builtIn = "system:serviceaccount:kube-system:replicaset-controller";

/** Policies in the API, both controllers as programs, and a user of the API server: everything between is the product's. */
export function describeAdmissionChain(title: string, open: () => Promise<ClusterFixture>): void {
  describe(title, () => {
    let cluster: ClusterFixture;
    let fleet: AdmissionFleet;

    const call = (method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer> =>
      fleet.call(method, path, body, contentType);
    const tryOut = (privileged: boolean): Promise<ApiAnswer> =>
      call("POST", `${deployments}?dryRun=All`, deployment("probe", privileged));
    const until = (predicate: () => Promise<boolean>, what: string): Promise<unknown> =>
      waitFor(predicate, { timeoutMs, describe: what });

    beforeAll(async () => {
      cluster = await open();
      fleet = await AdmissionFleet.open(cluster, { policies: [noPrivileged, memoryLimit, noExec] });
      await until(async () => (await tryOut(true)).status === 403, "the first refusal");
    });
    afterAll(async () => {
      await fleet?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    it("[admission chain] says of each policy that it is published", async () => {
      for (const { metadata } of [noPrivileged, memoryLimit, noExec]) {
        await until(async () => {
          const { body } = await call("GET", `${policiesPath}/${metadata.name}`);
          return JSON.stringify(body).includes('"reason":"Published"');
        }, `${metadata.name} to be published`);
      }
    });

    it("[admission chain] refuses what a policy of the API denies", async () => {
      const { status, body } = await call("POST", deployments, deployment("bad", true));
      expect(status).toBe(403);
      expect((body as { message: string }).message).toContain("Kinglet refused the CREATE of Deployment bad");
    });

    it("[admission chain] lets other things through; the client sees what a policy warns about", async () => {
      const { status, warnings } = await call("POST", deployments, deployment("modest", false));
      expect(status).toBe(201);
      expect(warnings.join()).toContain("Policy memory-limit");
    });

    it("[admission chain] refuses an update that makes it violate, and lets another one through", async () => {
      const container = { name: "app", securityContext: { privileged: true } };
      const worse = { spec: { template: { spec: { containers: [container] } } } };
      const strategic = "application/strategic-merge-patch+json";
      expect((await call("PATCH", `${deployments}/modest`, worse, strategic)).status).toBe(403);
      const harmless = { metadata: { labels: { team: "shop" } } };
      expect((await call("PATCH", `${deployments}/modest`, harmless, strategic)).status).toBe(200);
    });

    it("[admission chain] is not asked about what the cluster's own controllers make", async () => {
      const before = await fleet.reviews();
      const made = await fleet.callAs(builtIn, "POST", deployments, deployment("old", true));
      expect([made.status, made.warnings]).toEqual([201, []]);
      expect(await fleet.reviews()).toBe(before);
    });

    it("[admission chain] judges a scale request by the stored workload", async () => {
      const scale = { spec: { replicas: 3 } };
      const merge = "application/merge-patch+json";
      expect((await call("PATCH", `${deployments}/old/scale`, scale, merge)).status).toBe(403);
      const { status, warnings } = await call("PATCH", `${deployments}/modest/scale`, scale, merge);
      expect([status, warnings.join().includes("Policy memory-limit")]).toEqual([200, true]);
    });

    it("[admission chain] judges a dry run and tells nobody else about it", async () => {
      expect((await call("POST", `${deployments}?dryRun=All`, deployment("rehearsed", true))).status).toBe(403);
      const { status, warnings } = await call("POST", `${deployments}?dryRun=All`, deployment("rehearsed", false));
      expect([status, warnings.join().includes("Policy memory-limit")]).toEqual([201, true]);
      const alerts = fleet.replicas.flatMap((replica) => replica.alerts());
      expect(alerts.some(({ workloadName }) => workloadName === "bad")).toBe(true);
      expect(alerts.some(({ workloadName }) => workloadName === "rehearsed")).toBe(false);
    });

    it("[admission chain] judges pods of custom controllers, and of whoever only says that a ReplicaSet made them", async () => {
      const owner = { kind: "Rollout", apiVersion: "shop.example/v1", name: "r", uid: "r1", controller: true };
      const forged = { kind: "ReplicaSet", apiVersion: "apps/v1", name: "rs", uid: "rs1", controller: true };
      for (const [name, by] of Object.entries({ owned: owner, forged })) {
        const controller = "system:serviceaccount:shop:controller";
        const of = (privileged: boolean): Promise<ApiAnswer> =>
          fleet.callAs(controller, "POST", `${pods}?dryRun=All`, pod(name, { owner: by, privileged }));
        expect((await of(true)).status).toBe(403);
        expect((await of(false)).status).toBe(201);
      }
    });

    it("[admission chain] judges ephemeral containers that are added to a pod, and lets evictions pass", async () => {
      // Made by one who is not judged: what the pod has already is not held against its ephemeral containers.
      expect((await fleet.callAs(builtIn, "POST", pods, pod("debugged", { privileged: true }))).status).toBe(201);
      const add = (name: string, privileged: boolean): Promise<ApiAnswer> => {
        const debug = { name, image: "busybox", targetContainerName: "app", securityContext: { privileged } };
        const patch = { spec: { ephemeralContainers: [debug] } };
        const strategic = "application/strategic-merge-patch+json";
        return call("PATCH", `${pods}/debugged/ephemeralcontainers`, patch, strategic);
      };
      const refused = await add("debug", true);
      expect(refused.status).toBe(403);
      const { message } = refused.body as { message: string };
      expect(message).toContain('Kinglet refused the ephemeral container "debug" of Pod debugged in namespace shop');
      expect(message).toContain('ephemeral container "debug" is privileged');
      // The policy about memory limits, which nobody can state there, says nothing.
      const plain = await add("plain", false);
      expect([plain.status, plain.warnings]).toEqual([200, []]);
      const before = await fleet.reviews();
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "debugged", namespace: "shop" } };
      expect((await call("POST", `${pods}/debugged/eviction`, eviction)).status).toBe(201);
      expect(await fleet.reviews()).toBe(before + 1);
    });

    it("[admission chain] refuses exec", async () => {
      expect((await call("POST", pods, pod("web"))).status).toBe(201);
      const { status, body } = await call("POST", `${pods}/web/exec?command=sh&container=app&stdin=true`);
      expect(status).toBe(403);
      expect((body as { message: string }).message).toContain("Kinglet refused to exec into pod web");
    });

    it("[admission chain] follows a policy that changes, and one that goes", async () => {
      const path = `${policiesPath}/privileged`;
      const annotations = { "kinglet.dev/mode": "warn" };
      const merge = "application/merge-patch+json";
      expect((await call("PATCH", path, { metadata: { annotations } }, merge)).status).toBe(200);
      await until(async () => {
        const { status, warnings } = await tryOut(true);
        return status === 201 && warnings.join().includes("Policy privileged");
      }, "the warning instead of the refusal");
      const changed = { metadata: { annotations: { "kinglet.dev/mode": "deny" } } };
      await call("PATCH", path, changed, merge);
      await until(async () => (await tryOut(true)).status === 403, "the refusal");
      expect((await call("DELETE", `${policiesPath}/memory-limit`)).status).toBe(200);
      await until(async () => {
        const { status, warnings } = await tryOut(false);
        return status === 201 && warnings.length === 0;
      }, "no warning");
    });

    it("[admission chain] puts back a registration that somebody deleted", async () => {
      expect((await call("DELETE", configurationPath)).status).toBe(200);
      await until(async () => (await call("GET", configurationPath)).status === 200, "the registration");
      await until(async () => (await tryOut(true)).status === 403, "the refusal");
    });

    it("[admission chain] issues a certificate that was lost anew, and the replicas take it", async () => {
      expect((await call("DELETE", `${secretsPath}/kinglet-webhook-tls`)).status).toBe(200);
      const reloads = 'kinglet_admission_certificate_reloads_total{result="loaded"}';
      for (const replica of fleet.replicas) {
        await replica.until(async () => (await replica.metric(reloads)) >= 2, "the new certificate");
      }
      expect((await tryOut(true)).status).toBe(403);
      expect((await tryOut(false)).status).toBe(201);
    });
  });
}
