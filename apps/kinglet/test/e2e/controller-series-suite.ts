import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createKubeClient, namespaces, type KubeClient, type ResourceDefinition } from "@kinglet/kube-client";
import { decodeBundle, readBundleIndex } from "@kinglet/policy-engine/bundle";
import {
  installCrds,
  openLoopbackProxy,
  openTempDir,
  waitFor,
  type ClusterFixture,
  type LoopbackProxy,
} from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { ControllerProcess } from "./controller-process.ts";
import { seededRandom } from "./seeded-random.ts";

const policies: ResourceDefinition = {
  group: "config.stackrox.io",
  version: "v1alpha1",
  plural: "securitypolicies",
  kind: "SecurityPolicy",
  namespaced: true,
};
const configMaps: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};
const leases: ResourceDefinition = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};
const namespace = "kinglet";
const leaseMs = 3000;

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly resourceVersion: string;
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
      readonly observedGeneration?: number;
    }[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What the test did to a policy. */
interface Expected {
  readonly current: string;
  readonly isValid: boolean;
  /** Descriptions under which it was valid at some time. */
  readonly valid: Set<string>;
}

/** Two config-controllers of which the leader is killed, stopped or cut off for longer than its lease, again and again, while policies change. */
export function controllerSeriesSuite(
  title: string,
  open: () => Promise<ClusterFixture>,
  {
    changes,
    faults,
    isSkipped = false,
  }: { readonly changes: number; readonly faults: number; readonly isSkipped?: boolean },
): void {
  describe.skipIf(isSkipped)(title, () => {
    it(
      "[policy-controller leaders] publishes what the policies say, without a flap or a write too many",
      { timeout: 900_000 },
      async () => {
        await using cluster = await open();
        await using folder = await openTempDir("kinglet-controllers-");
        await installCrds(cluster);
        const { server, caPem, adminToken: token } = cluster;
        await using client = createKubeClient({ server, caPem, token, origin: "test" });
        await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
        await using replicas = new Replicas(cluster, folder.path);
        await replicas.fill();
        using stop = watchForFlaps(client);
        const random = seededRandom(6);
        const expected = new Map<string, Expected>();
        let done = 0;
        for (let fault = 0; fault <= faults; fault += 1) {
          for (; done < (changes * (fault + 1)) / (faults + 1); done += 1) {
            await change(client, expected, random, done);
            if (random() < 0.2) await delay(100 * random());
          }
          if (fault === faults) break;
          await replicas.strike(await leader(client, replicas.pids), kinds[fault % kinds.length] ?? "kill");
        }
        await waitFor(async () => describeDifference(await published(client), expected) === "", {
          timeoutMs: 60_000,
          describe: `the bundle of ${String(expected.size)} policies`,
        }).catch(async (error: unknown) => {
          throw new Error(describeDifference(await published(client), expected), { cause: error });
        });
        await waitFor(async () => (await unsettled(client)).length === 0, {
          timeoutMs: 30_000,
          describe: "conditions of every policy",
        });
        expect(stop.problems).toEqual([]);
        expect(stop.bundles).toBeGreaterThan(faults);
      },
    );
  });
}

/**
 * What happens to a leader: it is killed; it stops for longer than its lease; nothing passes between it and the API server, in either direction, for that long, and
 * then what waited arrives late; its connections are reset and no new one is accepted for that long.
 */
const kinds = ["kill", "stop", "hold", "refuse"] as const;
type Fault = (typeof kinds)[number];

/** A process that reaches the API server by way of its own. */
interface Replica {
  readonly controller: ControllerProcess;
  readonly network: LoopbackProxy;
}

/** Two processes; one that was killed is started again. */
class Replicas implements AsyncDisposable {
  readonly #cluster: ClusterFixture;
  readonly #folder: string;
  #running: Replica[] = [];
  #started = 0;

  constructor(cluster: ClusterFixture, folder: string) {
    this.#cluster = cluster;
    this.#folder = folder;
  }

  get pids(): readonly number[] {
    return this.#running.map(({ controller }) => controller.pid);
  }

  async fill(): Promise<void> {
    for (const { controller, network } of this.#running) if (controller.hasEnded) await network[Symbol.asyncDispose]();
    this.#running = this.#running.filter(({ controller }) => !controller.hasEnded);
    while (this.#running.length < 2) {
      const one = await this.#start();
      this.#running.push(one);
      await one.controller.ready();
    }
  }

  async strike(pid: number, how: Fault): Promise<void> {
    const leading = this.#running.find(({ controller }) => controller.pid === pid);
    if (leading === undefined) throw new Error(`no process ${String(pid)}`);
    const { controller, network } = leading;
    if (how === "kill") await controller.stop("SIGKILL");
    else {
      if (how === "stop") controller.signal("SIGSTOP");
      else await network.setMode(how);
      // Work goes on behind its back; it comes back when another leads.
      await delay(leaseMs * 2);
      if (how === "stop") controller.signal("SIGCONT");
      else await network.setMode("forward");
      await delay(500);
    }
    await this.fill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { controller, network } of this.#running) {
      await controller[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    }
  }

  async #start(): Promise<Replica> {
    const { server, kubeconfigPath } = this.#cluster;
    const network = await openLoopbackProxy(server);
    this.#started += 1;
    const kubeconfig = join(this.#folder, `kubeconfig-${this.#started}`);
    await writeFile(kubeconfig, (await readFile(kubeconfigPath, "utf8")).replaceAll(server, network.server));
    const args = ["--namespace", namespace, "--lease-duration", "3000", "--no-webhook"];
    return { controller: await ControllerProcess.start({ folder: this.#folder, kubeconfig, args }), network };
  }
}

/** Which of these processes holds the lease. */
async function leader(client: KubeClient, pids: readonly number[]): Promise<number> {
  let pid = 0;
  await waitFor(
    async () => {
      const lease = await client.get<{ spec?: { holderIdentity?: string; renewTime?: string } }>(
        leases,
        "kinglet-config-controller",
        { namespace },
      );
      const { holderIdentity = "", renewTime = "" } = lease.spec ?? {};
      pid = Number(holderIdentity.split("_")[1] ?? "0");
      return pids.includes(pid) && Date.now() - Date.parse(renewTime) < leaseMs;
    },
    { timeoutMs: 30_000, describe: "a leader" },
  );
  return pid;
}

async function change(
  client: KubeClient,
  expected: Map<string, Expected>,
  random: () => number,
  step: number,
): Promise<void> {
  const name = `policy-${String(Math.floor(random() * 40))}`;
  const known = expected.get(name);
  const choice = random();
  const isValid = random() < 0.85;
  const description = `change ${String(step)}`;
  const spec = {
    policyName: `Policy ${name}`,
    description,
    categories: ["Kinglet"],
    lifecycleStages: ["DEPLOY"],
    severity: "HIGH_SEVERITY",
    policySections: [
      {
        policyGroups: [
          { fieldName: isValid ? "Privileged Container" : "Privileged Kontainer", values: [{ value: "true" }] },
        ],
      },
    ],
  };
  const valid = new Set(isValid ? [description] : []);
  if (known === undefined) {
    await waitFor(
      () =>
        client
          .create(policies, {
            apiVersion: "config.stackrox.io/v1alpha1",
            kind: "SecurityPolicy",
            metadata: { name, namespace },
            spec,
          })
          .then(
            () => true,
            // The former one of this name waits for a bundle without it.
            () => false,
          ),
      { timeoutMs: 60_000, describe: `${name} to be free` },
    );
    expected.set(name, { current: description, isValid, valid });
  } else if (choice < 0.25) {
    await client.delete(policies, name, { namespace });
    expected.delete(name);
  } else {
    await client.patch(policies, name, { spec }, { type: "merge", namespace });
    expected.set(name, { current: description, isValid, valid: known.valid.union(valid) });
  }
}

/** Description of each policy in the bundle; undefined while there is none, or it is being written. */
async function published(client: KubeClient): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const map = await client.get<Stored>(configMaps, "kinglet-policies", { namespace });
    const index = readBundleIndex(map.data ?? {});
    const pieces = [Buffer.from(map.binaryData?.["bundle.0"] ?? "", "base64")];
    const content = await decodeBundle(index, pieces);
    return new Map(
      content.policies.map(({ metadata, spec }) => [metadata.name, (spec as { description: string }).description]),
    );
  } catch {
    return undefined;
  }
}

/** Where the bundle is not what the oracle says; empty when it is. */
function describeDifference(
  bundle: ReadonlyMap<string, string> | undefined,
  expected: ReadonlyMap<string, Expected>,
): string {
  if (bundle === undefined) return "no bundle";
  const wrong = [...bundle.keys()].filter((name) => !expected.has(name)).map((name) => `${name} is gone`);
  for (const [name, { current, isValid, valid }] of expected) {
    const found = bundle.get(name);
    // Of an invalid one the last valid content that a controller saw is in force, or nothing.
    const isRight = isValid ? found === current : found === undefined || valid.has(found);
    if (!isRight) wrong.push(`${name} has ${String(found)} instead of ${current}`);
  }
  return wrong.join("; ");
}

/** Policies whose conditions do not speak of their last generation. */
async function unsettled(client: KubeClient): Promise<readonly string[]> {
  const { items } = await client.list<Stored>(policies, { namespace });
  const isSettled = ({ metadata, status }: Stored): boolean => {
    const conditions = status?.conditions ?? [];
    return conditions.length === 3 && conditions.every((one) => one.observedGeneration === metadata.generation);
  };
  return items.filter((object) => !isSettled(object)).map(({ metadata }) => metadata.name);
}

/** Watches every state of every policy, and of the bundle. */
function watchForFlaps(client: KubeClient): Disposable & { readonly problems: string[]; bundles: number } {
  const ending = new AbortController();
  const found = { problems: [] as string[], bundles: 0, [Symbol.dispose]: () => ending.abort() };
  const before = new Map<string, Stored>();
  const look = (object: Stored): void => {
    const { uid, name } = object.metadata;
    const old = before.get(uid);
    before.set(uid, object);
    for (const condition of object.status?.conditions ?? []) {
      const former = old?.status?.conditions?.find(({ type }) => type === condition.type);
      if (former === undefined) continue;
      const isFlip = former.status !== condition.status;
      const isMoved = former.lastTransitionTime !== condition.lastTransitionTime;
      const isSameSpec = former.observedGeneration === condition.observedGeneration;
      if (isMoved && !isFlip) found.problems.push(`${name} ${condition.type}: time moved without a flip`);
      if (isFlip && isSameSpec && former.status === "True") found.problems.push(`${name} ${condition.type}: flap`);
    }
    if ((object.status?.conditions?.length ?? 3) !== 3) found.problems.push(`${name}: not three conditions`);
  };
  let sha = "";
  const lookAtBundle = ({ data }: Stored): void => {
    found.bundles += 1;
    if (data?.["sha256"] === sha) found.problems.push(`bundle ${sha} was written twice`);
    sha = data?.["sha256"] ?? "";
  };
  void follow(client, policies, undefined, look, ending.signal);
  void follow(client, configMaps, "metadata.name=kinglet-policies", lookAtBundle, ending.signal);
  return found;
}

/** Every event of a watch, from now until the signal fires. */
async function follow(
  client: KubeClient,
  resource: ResourceDefinition,
  fieldSelector: string | undefined,
  onObject: (object: Stored) => void,
  signal: AbortSignal,
): Promise<void> {
  let resourceVersion = "";
  const select = { namespace, ...(fieldSelector === undefined ? {} : { fieldSelector }) };
  while (!signal.aborted) {
    try {
      if (resourceVersion === "") {
        ({ resourceVersion } = await client.list<Stored>(resource, { ...select, signal }));
      }
      for await (const event of client.watch<Stored>(resource, { ...select, resourceVersion, signal })) {
        ({ resourceVersion } = event.object.metadata);
        if (event.type === "ADDED" || event.type === "MODIFIED") onObject(event.object);
      }
    } catch {
      if (!signal.aborted) await delay(100);
    }
  }
}
