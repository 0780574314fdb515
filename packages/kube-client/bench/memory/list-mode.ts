/**
 * `node --conditions=@kinglet/source packages/kube-client/bench/memory/list-mode.ts [--objects 5000]`: what streaming lists and paged lists cost the client
 * and a real API server. Needs the programs of `pnpm real-cluster build`.
 *
 * Each figure is the middle of five first synchronisations, each in a process of its own, the two modes taking turns.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openRealCluster } from "@kinglet-tools/real-cluster";
import {
  createInformer,
  createKubeClient,
  namespaces,
  type ClusterAccess,
  type KubeObject,
  type ResourceDefinition,
} from "../../src/index.ts";

const configMaps: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};
const ROUNDS = 5;
const MODES = ["pages", "stream"] as const;

interface Figures {
  readonly wallMs: number;
  readonly clientCpuMs: number;
  readonly clientPeakMb: number;
  readonly serverCpuMs: number;
  readonly serverGrowthMb: number;
}

const { values } = parseArgs({
  options: { objects: { type: "string", default: "5000" }, child: { type: "string" }, access: { type: "string" } },
});
if (values.child === undefined) await measure(Number(values.objects));
else
  await synchronise(values.child === "stream" ? "stream" : "pages", JSON.parse(values.access ?? "{}") as ClusterAccess);

/** One first synchronisation; prints its figures. */
async function synchronise(listMode: "pages" | "stream", access: ClusterAccess): Promise<void> {
  await using client = createKubeClient(access);
  const informer = createInformer<KubeObject>(client, configMaps, {
    namespace: "mode",
    listMode,
    projection: { paths: ["metadata.labels"] },
  });
  const stop = new AbortController();
  const cpu = process.cpuUsage();
  const startMs = Date.now();
  const running = informer.run({ signal: stop.signal });
  await informer.waitForSync();
  const { user, system } = process.cpuUsage(cpu);
  const figures = {
    wallMs: Date.now() - startMs,
    clientCpuMs: (user + system) / 1000,
    clientPeakMb: process.resourceUsage().maxRSS / 1024,
    objects: informer.size,
  };
  process.stdout.write(JSON.stringify(figures));
  stop.abort();
  await running;
}

async function measure(objects: number): Promise<void> {
  await using cluster = await openRealCluster();
  const access: ClusterAccess = {
    server: cluster.server,
    caPem: cluster.caPem,
    token: cluster.tokens.admin,
    origin: "bench",
  };
  await using client = createKubeClient(access, { writeRate: { perSecond: 100_000, burst: 100_000 } });
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "mode" } });
  let next = 0;
  const fill = async (): Promise<void> => {
    for (let index = next++; index < objects; index = next++) {
      const metadata = {
        name: `object-${index}`,
        namespace: "mode",
        labels: { app: `app-${index % 50}`, tier: "web" },
      };
      await client.create(configMaps, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata,
        data: { text: `${index}`.padEnd(5000, "abcdefgh") },
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, fill));
  const server = serverProcess(cluster.server);
  const all: Record<(typeof MODES)[number], Figures[]> = { pages: [], stream: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const mode of MODES) {
      // Peak RSS starts anew.
      writeFileSync(`/proc/${server}/clear_refs`, "5");
      const before = usage(server);
      const child = await childFigures(mode, access);
      const after = usage(server);
      // The first round warms the server up.
      if (round > 0)
        all[mode].push({
          ...child,
          serverCpuMs: after.cpuMs - before.cpuMs,
          serverGrowthMb: after.peakMb - before.peakMb,
        });
    }
  }
  process.stdout.write(`${objects} objects of about 5.3 KB; server peak ${usage(server).peakMb.toFixed(0)} MB\n`);
  for (const mode of MODES) {
    const middle = (pick: (one: Figures) => number): string => {
      const sorted = all[mode].map(pick).toSorted((a, b) => a - b);
      return sorted[ROUNDS >> 1]!.toFixed(0);
    };
    process.stdout.write(
      `${mode}: ${middle((one) => one.wallMs)} ms wall, client ${middle((one) => one.clientCpuMs)} ms CPU, ${middle((one) => one.clientPeakMb)} MB peak RSS; ` +
        `server ${middle((one) => one.serverCpuMs)} ms CPU, peak RSS grew by ${middle((one) => one.serverGrowthMb)} MB\n`,
    );
  }
}

function childFigures(
  mode: string,
  access: ClusterAccess,
): Promise<Pick<Figures, "wallMs" | "clientCpuMs" | "clientPeakMb">> {
  const args = [
    "--conditions=@kinglet/source",
    import.meta.filename,
    "--child",
    mode,
    "--access",
    JSON.stringify(access),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", () => resolve(JSON.parse(text) as Figures));
  });
}

/** The API server that listens at `url`, by its command line. */
function serverProcess(url: string): string {
  const port = new URL(url).port;
  for (const pid of readdirSync("/proc")) {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (text.includes("kube-apiserver") && text.includes(`--secure-port=${port}`)) return pid;
    } catch {
      // Not a process, or gone meanwhile.
    }
  }
  throw new Error(`no API server at ${url}`);
}

/** CPU time and peak RSS. */
function usage(pid: string): { readonly cpuMs: number; readonly peakMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, peakMb: peakKb / 1024 };
}
