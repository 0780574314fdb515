/**
 * What the package costs: heap of importing it, of a list while it streams, and of each pod an informer keeps.
 *
 * Run: `node packages/kube-client/bench/memory/footprint.ts`. Bundles the package as the product does (esbuild, CJS), serves pods from this process
 * over loopback and measures in fresh processes with `--expose-gc`. The server ignores `limit`, as the real one does for `resourceVersion=0`.
 */
import { build } from "esbuild";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SENSOR_POD_PATHS } from "../../test/realistic-pod.ts";

const PODS = 5000;

/** A pod of about `bytes` bytes: two containers, ten replicas to a ReplicaSet, fifty nodes, the rest filler of env and managedFields. */
function pod(index: number, bytes: number): object {
  const workload = Math.floor(index / 10);
  const hex = (seed: number): string => seed.toString(16).padStart(8, "0").repeat(8);
  const uid = `${hex(index).slice(0, 8)}-${hex(index * 7).slice(4, 8)}-4000-8000-${hex(index * 13).slice(0, 12)}`;
  const hash = `5d${(workload * 31).toString(36).padStart(8, "c")}`;
  const images = [`registry.example.com/shop/service-${workload % 100}:1.2.3`, "registry.example.com/mesh/proxy:1.0"];
  const object = {
    metadata: {
      name: `service-${workload}-${hash}-${(index * 17).toString(36).padStart(5, "x")}`,
      generateName: `service-${workload}-${hash}-`,
      namespace: `team-${workload % 20}`,
      uid,
      resourceVersion: String(100_000 + index),
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: {
        app: `service-${workload}`,
        team: `team-${workload % 20}`,
        version: "1.2.3",
        "pod-template-hash": hash,
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `service-${workload}-${hash}`,
          uid: hex(workload),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      nodeName: `node-${index % 50}`,
      containers: ["app", "proxy"].map((name, at) => ({ name, image: images[at] })),
    },
    status: {
      phase: "Running",
      containerStatuses: ["app", "proxy"].map((name, at) => ({
        name,
        ready: true,
        image: images[at],
        imageID: `${images[at]?.split(":")[0]}@sha256:${hex((workload % 100) + at)}`,
        containerID: `containerd://${hex(index * 2 + at + 1)}`,
      })),
    },
  };
  const missing = bytes - JSON.stringify(object).length - 30;
  const env = Array.from({ length: Math.max(0, Math.floor(missing / 50)) }, (_value, at) => ({
    name: `VARIABLE_NUMBER_${at}`,
    value: "some value",
  }));
  return { ...object, spec: { ...object.spec, env } };
}

/** Runs in the measured process; `lib` is the bundle. */
const CHILD = `
const used = () => { gc(); gc(); const m = process.memoryUsage(); return m.heapUsed + m.external; };
const kb = (bytes) => Math.round(bytes / 1024);
(async () => {
  const [bundle, server, mode] = process.argv.slice(2);
  const before = used();
  if (process.argv[5] === "node-only") { require("node:http"); require("node:https"); }
  const lib = process.argv[5] === "node-only" ? undefined : require(bundle);
  const imported = used();
  if (mode === "import") return console.log(JSON.stringify({ importKB: kb(imported - before), bareKB: kb(before) }));
  const projection = { paths: ${JSON.stringify(SENSOR_POD_PATHS)} };
  const client = lib.createKubeClient({ server, origin: "bench" });
  await client.list(lib.nodes);
  const connected = used();
  if (mode === "list") {
    let peak = 0, live = 0, count = 0;
    await client.listEach(lib.pods, { limit: 0, projection, onItem: () => {
      count++;
      if (count % 50 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed);
      if (process.argv[5] === "gc" && count % 500 === 0) live = Math.max(live, used() - connected);
    } });
    console.log(JSON.stringify({ count, connectedKB: kb(connected), peakHeapKB: kb(peak), liveKB: kb(live) }));
  } else {
    const informer = lib.createInformer(client, lib.pods, { projection });
    const stop = new AbortController();
    const cpu = process.cpuUsage(), start = performance.now();
    const running = informer.run({ signal: stop.signal });
    await informer.waitForSync();
    const wallMs = performance.now() - start, { user, system } = process.cpuUsage(cpu);
    const synced = used();
    console.log(JSON.stringify({ pods: informer.size, wallMs: Math.round(wallMs), cpuMs: Math.round((user + system) / 1000), bytesPerPod: Math.round((synced - connected) / informer.size), peakRssMB: Math.round(process.resourceUsage().maxRSS / 1024) }));
    stop.abort(); await running;
  }
  await client[Symbol.asyncDispose]();
})();`;

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "kinglet-footprint-"));
  try {
    const bundle = join(dir, "kube-client.cjs");
    await build({
      entryPoints: [join(import.meta.dirname, "../../src/index.ts")],
      outfile: bundle,
      bundle: true,
      format: "cjs",
      platform: "node",
      target: "node26",
      conditions: ["@kinglet/source"],
      minifyWhitespace: true,
      logLevel: "warning",
    });
    const child = join(dir, "child.cjs");
    await writeFile(child, CHILD);
    const run = async (server: string, ...mode: string[]): Promise<unknown> => {
      const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", child, bundle, server, ...mode]);
      return JSON.parse(stdout);
    };
    console.log(`node ${process.version}, ${cpus()[0]?.model}`);
    console.log("import", await run("", "import"));
    console.log("of that node:http and node:https", await run("", "import", "node-only"));
    for (const bytes of [1400, 6800]) {
      await using served = await serve(bytes);
      console.log(
        `list ${PODS} pods, ${(served.bytes / 1e6).toFixed(1)} MB`,
        await run(served.url, "list"),
        await run(served.url, "list", "gc"),
      );
      console.log("informer", await run(served.url, "informer"));
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function serve(bytes: number): Promise<{ readonly url: string; readonly bytes: number } & AsyncDisposable> {
  const items = Array.from({ length: PODS }, (_value, index) => pod(index, bytes));
  const list = Buffer.from(
    JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "200000" }, items }),
  );
  const server = createServer((request, response) => {
    if (request.url?.includes("/nodes") === true)
      response.end('{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[]}');
    else if (request.url?.includes("watch=true") === true) response.flushHeaders();
    else response.end(list);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: list.length,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

await main();
