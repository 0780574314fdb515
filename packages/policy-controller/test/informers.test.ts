import { setTimeout as delay } from "node:timers/promises";
import { createInformer, createKubeClient, type InformerOptions, type KubeObject } from "@kinglet/kube-client";
import type { KubeSim } from "@kinglet/kube-sim";
import { installCrds, openSimCluster, type SimClusterFixture } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { secrets } from "../src/certificates/reconcile-certificates.ts";
import { defaultCertificateTimes } from "../src/certificates/certificate-state.ts";
import { x509Issuer } from "../src/certificates/x509-issuer.ts";
import type { ControlledObject } from "../src/resources/controlled-resource.ts";
import { runPolicyController, type PolicyControllerOptions } from "../src/run-policy-controller.ts";

const namespace = "kinglet";
const policyPath = "/apis/config.stackrox.io/v1alpha1/namespaces/kinglet/securitypolicies";

const policy = (name: string): { readonly metadata: object } =>
  ({
    apiVersion: "config.stackrox.io/v1alpha1",
    kind: "SecurityPolicy",
    metadata: { name, namespace, generation: 1 },
    spec: { policyName: name },
  }) as never;

/** A controller whose judge counts, on a simulated server. */
async function open(options: Partial<PolicyControllerOptions> = {}) {
  const cluster: SimClusterFixture = await openSimCluster();
  await installCrds(cluster);
  const { sim, server, caPem, adminToken: token } = cluster;
  sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const judged = new Map<string, number>();
  const judge = async ({ metadata }: ControlledObject) => {
    judged.set(metadata.name, (judged.get(metadata.name) ?? 0) + 1);
    return { isValid: true, claimedName: metadata.name, message: "" };
  };
  const ending = new AbortController();
  const client = createKubeClient(
    { server, caPem, token, origin: "test" },
    { writeRate: { perSecond: 10_000, burst: 10_000 } },
  );
  let run: Promise<void> | undefined;
  return {
    sim,
    judged,
    ending,
    client,
    start(): Promise<void> {
      run = runPolicyController(
        { client, namespace, judges: { policies: judge, rules: judge }, ...options },
        { signal: ending.signal },
      );
      return run;
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await run?.catch(() => {});
      await client[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** Names of the policies whose conditions say that they are in force. */
function published(sim: KubeSim): readonly string[] {
  return sim.list("securitypolicies.config.stackrox.io").flatMap((object) => {
    const { conditions = [] } =
      (object as { status?: { conditions?: { type: string; status: string }[] } }).status ?? {};
    const isIn = conditions.some(({ type, status }) => type === "AcceptedByCentral" && status === "True");
    return isIn ? [object.metadata.name ?? ""] : [];
  });
}

const requests = (sim: KubeSim, path: string, isWatch: boolean) =>
  sim
    .journal()
    .filter(
      (one) =>
        one.method === "GET" &&
        one.path === path &&
        (one.query["watch"] === "true" || one.query["watch"] === "1") === isWatch,
    );

describe("informers of the policy controller", () => {
  it("[operator 9.1 scope] asks for its own objects by name and for policies of its namespace, whatever else there is", async () => {
    await using setup = await open({
      webhook: {
        issuer: x509Issuer,
        secretNames: { authorities: "kinglet-webhook-ca", serving: "kinglet-webhook-tls" },
        times: defaultCertificateTimes,
        webhook: {
          name: "kinglet-admission",
          service: { namespace, name: "admission", port: 443 },
          failurePolicy: { deploy: "Ignore", events: "Ignore" },
          timeoutSeconds: 10,
          excludedNamespaces: [],
        },
      },
    });
    const { sim } = setup;
    sim.load({ configmaps: 300, secrets: 177 });
    sim.apply(policy("one") as never);
    sim.clearJournal();
    void setup.start();
    await expect.poll(() => published(sim)).toEqual(["one"]);
    await expect.poll(() => sim.list("validatingwebhookconfigurations.admissionregistration.k8s.io")).toHaveLength(1);
    const asked = new Set(
      sim
        .journal()
        .filter(
          ({ method, query }) => method === "GET" && (query["limit"] !== undefined || query["watch"] !== undefined),
        )
        .map(({ path, query }) => `${path} ${query["fieldSelector"] ?? ""}`.trim()),
    );
    expect([...asked].toSorted()).toEqual(
      [
        "/api/v1/namespaces/kinglet/configmaps metadata.name=kinglet-policies",
        "/api/v1/namespaces/kinglet/secrets metadata.name=kinglet-webhook-ca",
        "/api/v1/namespaces/kinglet/secrets metadata.name=kinglet-webhook-tls",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations metadata.name=kinglet-admission",
        policyPath,
        "/apis/kubescape.io/v1/rules",
      ].toSorted(),
    );
    // The objects that it makes are those that it watches.
    const made = ["kinglet-policies", "kinglet-webhook-ca", "kinglet-webhook-tls", "kinglet-admission"];
    const there = ["configmaps", "secrets", "validatingwebhookconfigurations.admissionregistration.k8s.io"]
      .flatMap((resource) => sim.list(resource))
      .map(({ metadata }) => metadata.name);
    expect(there).toEqual(expect.arrayContaining(made));
  });

  it("[operator 9.1 projection] keeps less than a quarter of what whole objects take", async () => {
    await using setup = await open();
    for (let at = 0; at < 1000; at += 1) {
      const data = { value: Buffer.alloc(4500, at % 256).toString("base64") };
      setup.sim.apply({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: `secret-${String(at)}`, namespace },
        data,
      });
    }
    const retained = async (options: InformerOptions): Promise<number> => {
      const ending = new AbortController();
      const before = heapUsed();
      const informer = createInformer<KubeObject>(setup.client, secrets, options);
      const run = informer.run({ signal: ending.signal });
      await informer.waitForSync();
      const bytes = heapUsed() - before;
      expect(informer.size).toBeGreaterThanOrEqual(1000);
      ending.abort();
      await run;
      return bytes;
    };
    await retained({ metadataOnly: true, projection: { paths: [] } });
    const projected = await retained({ metadataOnly: true, projection: { paths: [] } });
    expect(projected).toBeLessThan(0.25 * (await retained({})));
  });

  it("[operator 9.1 leaves] takes a policy out of force when it goes without its finalizer", async () => {
    await using setup = await open();
    const { sim } = setup;
    for (const name of ["one", "two"]) sim.apply(policy(name) as never);
    void setup.start();
    await expect.poll(() => published(sim)).toEqual(["one", "two"]);
    sim.remove("securitypolicies.config.stackrox.io", namespace, "one");
    await expect.poll(() => bundleCount(sim)).toBe("1");
  });

  it.each(["refuse", "silence"] as const)(
    "[operator 9.5 stop] stops while a server cannot be reached (%s)",
    async (how) => {
      await using setup = await open();
      await setup.sim.interrupt(how);
      const run = setup.start();
      await delay(100);
      await endsSoon(setup.ending, run);
    },
  );

  it("[operator 9.5 stop] stops while its watches are open, and leaves no connection in use", async () => {
    await using setup = await open();
    setup.sim.apply(policy("one") as never);
    const run = setup.start();
    await expect.poll(() => published(setup.sim)).toEqual(["one"]);
    await endsSoon(setup.ending, run);
  });

  it("[operator 9.5 stop] stops while it waits to try again", async () => {
    await using setup = await open();
    const fault = setup.sim.faults.add({ match: { verb: "list" }, action: { kind: "status", code: 500 } });
    const run = setup.start();
    await expect.poll(() => fault.hits).toBeGreaterThan(2);
    await endsSoon(setup.ending, run);
  });

  it("[operator 9.5 resume] goes on with one list when the server ends its streams 20 times, and judges each policy once", async () => {
    await using setup = await open();
    const { sim, judged } = setup;
    sim.apply(policy("policy-0") as never);
    void setup.start();
    await expect.poll(() => published(sim)).toHaveLength(1);
    const lists = requests(sim, policyPath, false).length;
    sim.faults.add({
      match: { path: policyPath, verb: "watch" },
      action: { kind: "cut", afterEvents: 1, how: "end" },
      times: 20,
    });
    await setup.sim.restart();
    for (let at = 1; at <= 25; at += 1) sim.apply(policy(`policy-${String(at)}`) as never);
    await expect.poll(() => published(sim), { timeout: 60_000 }).toHaveLength(26);
    expect(requests(sim, policyPath, false).length).toBe(lists);
    expect([...judged.values()].every((count) => count === 1)).toBe(true);
    expect(judged.size).toBe(26);
  }, 90_000);

  it("[operator 9.5 gone] lists once when its version is gone, and lets go of what was deleted meanwhile", async () => {
    await using setup = await open();
    const { sim } = setup;
    for (const name of ["one", "two"]) sim.apply(policy(name) as never);
    void setup.start();
    await expect.poll(() => published(sim)).toEqual(["one", "two"]);
    const lists = requests(sim, policyPath, false).length;
    await sim.interrupt("refuse");
    sim.remove("securitypolicies.config.stackrox.io", namespace, "one");
    sim.apply(policy("three") as never);
    sim.compact();
    await sim.restart();
    await expect.poll(() => published(sim), { timeout: 60_000 }).toEqual(["three", "two"]);
    await expect.poll(() => bundleCount(sim)).toBe("2");
    expect(requests(sim, policyPath, false).length).toBe(lists + 1);
  }, 90_000);

  it("[operator 9.5 error-event] survives an error in the place of an event", async () => {
    await using setup = await open();
    const { sim } = setup;
    sim.faults.add({
      match: { path: policyPath, verb: "watch" },
      action: { kind: "watch-error", afterEvents: 0, code: 500 },
      times: 3,
    });
    sim.apply(policy("one") as never);
    void setup.start();
    await expect.poll(() => published(sim)).toEqual(["one"]);
    sim.apply(policy("two") as never);
    await expect.poll(() => published(sim), { timeout: 60_000 }).toEqual(["one", "two"]);
  }, 90_000);

  it("[operator 9.5 many] brings 674 policies into force, each with one finalizer and one status, and few bundles", async () => {
    await using setup = await open();
    const { sim } = setup;
    for (let at = 0; at < 674; at += 1) sim.apply(policy(`policy-${String(at)}`) as never);
    sim.clearJournal();
    void setup.start();
    await expect.poll(() => published(sim).length, { timeout: 60_000 }).toBe(674);
    const count = (method: string, pattern: RegExp): number =>
      sim.journal().filter((one) => one.method === method && pattern.test(one.path)).length;
    await delay(300);
    // The journal keeps the last ones only: none of them twice.
    expect(count("PATCH", /securitypolicies\/[^/]+\/status$/)).toBeLessThanOrEqual(674);
    const former = sim.list("securitypolicies.config.stackrox.io").map(({ metadata }) => metadata.resourceVersion);
    await delay(300);
    expect(sim.list("securitypolicies.config.stackrox.io").map(({ metadata }) => metadata.resourceVersion)).toEqual(
      former,
    );
    expect(count("PUT", /configmaps/) + count("POST", /configmaps/)).toBeLessThanOrEqual(20);
  }, 90_000);
});

function bundleCount(sim: KubeSim): string | undefined {
  const map = sim.list("configmaps").find(({ metadata }) => metadata.name === "kinglet-policies");
  return (map as { data?: Record<string, string> } | undefined)?.data?.["policies"];
}

/** A stop settles everything in no time; the generous limit is for a busy machine. */
async function endsSoon(ending: AbortController, run: Promise<void>): Promise<void> {
  const began = performance.now();
  ending.abort();
  await run.catch(() => {});
  expect(performance.now() - began).toBeLessThan(2000);
}

function heapUsed(): number {
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
