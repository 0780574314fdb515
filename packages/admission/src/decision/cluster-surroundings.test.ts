import { createKubeClient, loadClusterAccess } from "@kinglet/kube-client";
import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { readWorkload, type Workload } from "@kinglet/policy-engine/security-policy";
import { waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { openDecider } from "../../test/open-webhook.ts";
import { securityPolicy } from "../../test/security-policy.ts";
import { Deadline } from "../timing/deadline.ts";
import { ClusterSurroundings } from "./cluster-surroundings.ts";

const object = {
  kind: "Deployment",
  apiVersion: "apps/v1",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    template: {
      metadata: { labels: { app: "web" } },
      spec: { serviceAccountName: "web", containers: [{ name: "app", image: "i", ports: [{ containerPort: 80 }] }] },
    },
  },
};

async function open(sim: KubeSim): Promise<ClusterSurroundings> {
  const access = await loadClusterAccess({ env: {}, kubeconfig: sim.kubeconfig() });
  const options = { clock: systemClock, logger: noopLogger, metrics: noopMetrics };
  return new ClusterSurroundings({ client: createKubeClient(access, options), ...options, cluster: "test" });
}

function workload(): Workload {
  const read = readWorkload(object, { namespace: "shop" });
  if (read === undefined) throw new Error("no workload");
  return read;
}

describe("ClusterSurroundings", () => {
  it("follows a kind only while it is needed, and says nothing before its first list is complete", async () => {
    await using sim = await openKubeSim();
    sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { team: "red" } } });
    await using around = await open(sim);
    expect([around.following, around.of("shop").namespaceLabels]).toEqual([[], undefined]);
    around.follow(new Set(["namespaceLabels", "image"]));
    expect([around.following, around.of("shop").namespaceLabels]).toEqual([["Namespace"], undefined]);
    await waitFor(async () => around.of("shop").namespaceLabels?.get("team") === "red", { describe: "the labels" });
    around.follow(new Set());
    expect([around.following, around.of("shop").namespaceLabels]).toEqual([[], undefined]);
  });

  it("says how services expose, which policies govern and what the account may do, as the cluster changes", async () => {
    await using sim = await openKubeSim();
    await using around = await open(sim);
    around.follow(new Set(["services", "networkPolicies", "rbac"]));
    const ask = () => around.of("shop");
    await waitFor(async () => ask().rbac?.(workload()) !== undefined, { describe: "the roles" });
    await waitFor(async () => ask().networkPolicies?.(workload()) !== undefined, { describe: "the policies" });
    await waitFor(async () => ask().services?.(workload()) !== undefined, { describe: "the services" });
    expect([ask().networkPolicies?.(workload()), ask().services?.(workload())]).toEqual([
      { ingress: false, egress: false },
      [],
    ]);
    sim.apply({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "n", namespace: "shop" },
      spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] },
    });
    sim.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s", namespace: "shop" },
      spec: { type: "LoadBalancer", selector: { app: "web" }, ports: [{ port: 80, targetPort: 80 }] },
    });
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "b" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "everything" },
      subjects: [{ kind: "ServiceAccount", name: "web", namespace: "shop" }],
    });
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "everything" },
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
    });
    await waitFor(async () => ask().networkPolicies?.(workload())?.ingress === true, { describe: "the policy" });
    await waitFor(async () => ask().services?.(workload())?.[0]?.level === "EXTERNAL", { describe: "the service" });
    await waitFor(async () => ask().rbac?.(workload()) === "CLUSTER_ADMIN", { describe: "the role" });
  });

  it("makes policies about the cluster decidable: not evaluated before, then violated, then passed", async () => {
    await using sim = await openKubeSim();
    await using around = await open(sim);
    const policy = securityPolicy("ingress", [{ fieldName: "Has Ingress Network Policy", values: ["false"] }], {
      mode: "deny",
    });
    const { decider, store } = await openDecider(
      [policy],
      { surroundings: (namespace) => around.of(namespace) },
      { clock: systemClock },
    );
    const decide = async (): Promise<string> => {
      using deadline = new Deadline(systemClock.monotonicMs() + 5000, systemClock);
      const request = {
        ...{
          uid: "u",
          group: "apps",
          version: "v1",
          kind: "Deployment",
          resource: "deployments",
          subResource: "",
          name: "web",
        },
        ...{
          namespace: "shop",
          operation: "CREATE",
          user: "ann",
          groups: [],
          isDryRun: false,
          bytes: 1000,
          object,
          oldObject: undefined,
        },
      };
      const answer = await decider.decide("validate", { apiVersion: "admission.k8s.io/v1", request }, deadline);
      return answer.auditAnnotations["policies-not-evaluated"] === undefined ? answer.outcome : "not evaluated";
    };
    expect(await decide()).toBe("not evaluated");
    around.follow(store.active?.needs() ?? new Set());
    await waitFor(async () => (await decide()) === "denied", { describe: "the list" });
    sim.apply({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "n", namespace: "shop" },
      spec: { podSelector: {}, policyTypes: ["Ingress"] },
    });
    await waitFor(async () => (await decide()) === "allowed", { describe: "the policy" });
  });
});
