/**
 * How long one changed policy takes into the bundle, and what the controller keeps, with 50, 500 and 5,000 policies:
 *
 *   node --conditions=@kinglet/source packages/policy-controller/bench/bundle-after-change.ts
 *
 * The simulated server runs in this process, the controller in another. The share of encoding is that of `encodeBundle` alone, in the same run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { cpus } from "node:os";
import { encodeBundle, type BundleObject } from "@kinglet/policy-engine/bundle";
import { installCrds, openSimCluster } from "@kinglet/testing";
import { readSecurityPolicy } from "@kinglet/policy-engine/security-policy";

const namespace = "kinglet";
const changes = 15;

const policy = (at: number, description: string): BundleObject & { readonly metadata: object } => ({
  apiVersion: "config.stackrox.io/v1alpha1",
  kind: "SecurityPolicy",
  metadata: { name: `policy-${String(at)}`, namespace, uid: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}` },
  spec: {
    policyName: `Policy ${String(at)}`,
    description,
    rationale: "What runs with all privileges can do to the node whatever its administrator can do.",
    remediation: "Give the container the capabilities that it needs and no others.",
    categories: ["Privileges", "Kinglet"],
    lifecycleStages: ["DEPLOY"],
    severity: "HIGH_SEVERITY",
    enforcementActions: ["FAIL_DEPLOYMENT_CREATE_ENFORCEMENT"],
    scope: [{ namespace: `team-${String(at % 100)}` }],
    policySections: [
      { sectionName: "privileged", policyGroups: [{ fieldName: "Privileged Container", values: [{ value: "true" }] }] },
      {
        sectionName: "root",
        policyGroups: [{ fieldName: "Image Registry", values: [{ value: `registry-${String(at)}.example.org` }] }],
      },
    ],
  },
});

async function measure(count: number): Promise<string> {
  await using cluster = await openSimCluster();
  await installCrds(cluster);
  const { sim, server, caPem, adminToken: token } = cluster;
  for (let at = 0; at < count; at += 1)
    sim.apply({ ...policy(at, "first"), metadata: { ...policy(at, "").metadata, generation: 1 } } as never);
  const run = new URL("run-controller.ts", import.meta.url).pathname;
  const place = JSON.stringify({ access: { server, caPem, token, origin: "bench" }, namespace });
  const child = spawn(
    process.execPath,
    ["--conditions=@kinglet/source", "--expose-gc", "--max-semi-space-size=1", run, place],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout });
  try {
    const began = performance.now();
    await until(() => publishedCount(sim) === String(count));
    const firstMs = performance.now() - began;
    // Looking at all of them is work for the server.
    await until(() => conditionsAreThere(sim, count), 1000);
    await delay(1500);
    const times: number[] = [];
    for (let change = 0; change < changes; change += 1) {
      const before = shaOf(sim);
      const name = `policy-${String((change * 37) % count)}`;
      const stored = sim.list("securitypolicies.config.stackrox.io").find(({ metadata }) => metadata.name === name);
      const spec = { ...(stored as { spec?: object }).spec, description: `change ${String(change)}` };
      const start = performance.now();
      sim.apply({ ...stored, spec, metadata: { ...stored?.metadata, generation: change + 2 } } as never);
      await until(() => shaOf(sim) !== before);
      times.push(performance.now() - start);
      await delay(200);
    }
    child.stdin.write("memory\n");
    const [line] = (await once(lines, "line")) as [string];
    const memory = JSON.parse(line) as NodeJS.MemoryUsage;
    const content = { policies: Array.from({ length: count }, (_, at) => policy(at, "first")), rules: [] };
    const encodings: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const start = performance.now();
      await encodeBundle(content);
      encodings.push(performance.now() - start);
    }
    const judging = performance.now();
    for (const one of content.policies) readSecurityPolicy(one);
    const judgeUs = ((performance.now() - judging) * 1000) / count;
    const [changeMs, encodeMs] = [median(times), median(encodings)];
    return (
      `${String(count).padStart(5)} policies: first bundle after ${firstMs.toFixed(0)} ms; change to bundle ${changeMs.toFixed(1)} ms` +
      ` (${(changeMs / encodeMs).toFixed(1)} x encoding alone, ${encodeMs.toFixed(1)} ms); heap ${mb(memory.heapUsed)}, RSS ${mb(memory.rss)};` +
      ` judging ${judgeUs.toFixed(0)} us each`
    );
  } finally {
    child.kill("SIGKILL");
  }
}

type Sim = Awaited<ReturnType<typeof openSimCluster>>["sim"];

function bundleData(sim: Sim): Readonly<Record<string, string>> | undefined {
  const map = sim.list("configmaps").find(({ metadata }) => metadata.name === "kinglet-policies");
  return (map as { data?: Readonly<Record<string, string>> } | undefined)?.data;
}

function publishedCount(sim: Sim): string | undefined {
  return bundleData(sim)?.["policies"];
}

function shaOf(sim: Sim): string {
  return bundleData(sim)?.["sha256"] ?? "";
}

function conditionsAreThere(sim: Sim, count: number): boolean {
  const all = sim.list("securitypolicies.config.stackrox.io");
  return (
    all.length === count &&
    all.every((one) => (one as { status?: { conditions?: unknown[] } }).status?.conditions?.length === 3)
  );
}

async function until(isThere: () => boolean, everyMs = 2): Promise<void> {
  while (!isThere()) await delay(everyMs);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

process.stdout.write(
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}; limits: 96 MiB at 5,000 policies\n`,
);
for (const count of [50, 500, 5000]) process.stdout.write(`${await measure(count)}\n`);
