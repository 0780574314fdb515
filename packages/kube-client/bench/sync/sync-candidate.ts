// One informer of pods in a process of its own. argv: candidate, server, CA file, token. Prints one line of JSON when it is in sync.
import { readFileSync } from "node:fs";
import { getHeapSpaceStatistics } from "node:v8";
import type { KubernetesObject } from "@kubernetes/client-node";
import { SYNC_PATHS } from "./sync-paths.ts";

const [candidate = "", server = "", caFile = "", token = ""] = process.argv.slice(2);

/** Heap and everything that hangs on it. */
function held(): number {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Machine code and bytecode, part of the heap: made once of what runs often, however many objects there are. Programs compiled beforehand have it outside of their heap. */
function code(): number {
  const spaces = getHeapSpaceStatistics().filter(
    ({ space_name: name }) => name.includes("code") || name.includes("trusted"),
  );
  return spaces.reduce((sum, space) => sum + space.space_used_size, 0);
}

function peakMb(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

/** `connect` does once what every later request shares, so that what is counted is the informer and its objects. */
interface Candidate {
  readonly connect: () => Promise<unknown>;
  readonly run: () => Promise<number>;
  readonly keep: () => unknown;
}

const candidates: Record<string, () => Promise<Candidate>> = {
  kinglet: async () => {
    const { createInformer, createKubeClient, pods } = await import("@kinglet/kube-client");
    const access = { server, caPem: readFileSync(caFile, "utf8"), token, origin: "bench" };
    const client = createKubeClient(access);
    const informer = createInformer(client, pods, { projection: { paths: [...SYNC_PATHS] } });
    const connect = async (): Promise<void> => {
      const empty = createInformer(client, pods, { namespace: "none", projection: { paths: [...SYNC_PATHS] } });
      const stopping = new AbortController();
      const running = empty.run({ signal: stopping.signal });
      await empty.waitForSync();
      stopping.abort();
      await running;
    };
    const run = async (): Promise<number> => {
      void informer.run({ signal: new AbortController().signal });
      await informer.waitForSync();
      return informer.size;
    };
    return { connect, run, keep: () => informer };
  },
  "client-node": async () => {
    const { CoreV1Api, KubeConfig, makeInformer } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    const cluster = { name: "c", server, caData: readFileSync(caFile).toString("base64"), skipTLSVerify: false };
    config.loadFromClusterAndUser(cluster, { name: "u", token });
    const api = config.makeApiClient(CoreV1Api);
    const informer = makeInformer<KubernetesObject>(config, "/api/v1/pods", () => api.listPodForAllNamespaces());
    const connect = (): Promise<unknown> => api.listNamespacedPod({ namespace: "none" });
    const run = async (): Promise<number> => {
      informer.on("error", (error: unknown) => {
        throw error;
      });
      await informer.start();
      return informer.list().length;
    };
    return { connect, run, keep: () => informer };
  },
};

async function main(): Promise<void> {
  const made = await candidates[candidate]?.();
  if (made === undefined) throw new Error(`candidate ${candidate}: one of ${Object.keys(candidates).join(", ")}`);
  const { connect, run, keep } = made;
  await connect();
  const before = held();
  const codeBefore = code();
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const count = await run();
  const wallMs = Number(process.hrtime.bigint() - started) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  const retained = held() - before;
  const codeBytes = code() - codeBefore;
  keep();
  process.stdout.write(
    `${JSON.stringify({ pods: count, wallMs, cpuMs: (user + system) / 1000, retainedBytes: retained, codeBytes, peakMb: peakMb() })}\n`,
    () => process.exit(0),
  );
}

void main();
