/**
 * The first synchronisation of a pod informer, each candidate in a process of its own, ratios in one run.
 *
 * Run: `node --conditions=@kinglet/source packages/kube-client/bench/sync.ts [--pods 5000,50000] [--no-limit] [--no-real]`.
 * This client also runs in a memory cgroup of 128 MiB, where there is root and a cgroup file system that can be written; and, where the programs of
 * `tools/real-cluster` are, against a real API server with the first number of pods, beside client-go's informer where Go is. What is left out is said.
 */
import { execFile, fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { buildInformerPeer, openRealCluster, realClusterAvailability } from "@kinglet-tools/real-cluster";
import type { ClusterAccess } from "../src/index.ts";
import { bundleCandidate, makeBundleFolder } from "./sync/bundle-candidate.ts";
import { fillRealServer } from "./sync/fill-real-server.ts";
import { runInMemoryLimit } from "./sync/run-in-memory-limit.ts";

interface Measured {
  readonly pods: number;
  readonly wallMs: number;
  readonly cpuMs?: number;
  readonly retainedBytes: number;
  /** Of it machine code and bytecode; absent where they are not in the heap. */
  readonly codeBytes?: number;
  readonly peakMb: number;
}

const { values: options } = parseArgs({
  options: {
    pods: { type: "string", default: "5000,50000" },
    limit: { type: "boolean", default: true },
    real: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "kinglet-sync-"));
using bundles = makeBundleFolder();
const program = await bundleCandidate(join(import.meta.dirname, "sync/sync-candidate.ts"), bundles.path);
const caFile = join(folder, "ca.pem");
const ROUNDS = 3;
/** What the product's executable runs with. */
const PRODUCT_FLAGS = ["--max-semi-space-size=1", "--no-concurrent-recompilation"];

function commandOf(candidate: string, access: ClusterAccess): readonly string[] {
  const flags = candidate === "kinglet" ? PRODUCT_FLAGS : ["--max-old-space-size=8000"];
  const args = [candidate, access.server, caFile, typeof access.token === "string" ? access.token : ""];
  return ["--expose-gc", ...flags, program, ...args];
}

async function measure(candidate: string, access: ClusterAccess): Promise<Measured> {
  writeFileSync(caFile, access.caPem ?? "");
  const { stdout } = await run(process.execPath, commandOf(candidate, access), { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as Measured;
}

/** The median by wall time. */
async function medianOf(measureOnce: () => Promise<Measured>): Promise<Measured> {
  const all: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) all.push(await measureOnce());
  return all.toSorted((one, other) => one.wallMs - other.wallMs)[Math.floor(ROUNDS / 2)]!;
}

function print(name: string, result: Measured, peer?: Measured): void {
  const perPod = result.retainedBytes / result.pods;
  const cells = [
    name.padEnd(24),
    `${(result.wallMs / 1000).toFixed(2)} s`.padStart(8),
    result.cpuMs === undefined ? "".padStart(11) : `cpu ${(result.cpuMs / 1000).toFixed(2)} s`.padStart(11),
    `peak ${result.peakMb.toFixed(0)} MB`.padStart(12),
    `${(perPod / 1000).toFixed(2)} KB a pod`.padStart(15),
    result.codeBytes === undefined
      ? "".padStart(25)
      : `(objects alone: ${((result.retainedBytes - result.codeBytes) / result.pods / 1000).toFixed(2)} KB)`.padStart(
          25,
        ),
  ];
  if (peer !== undefined) {
    const faster = (peer.wallMs / result.wallMs).toFixed(1);
    const smaller = (peer.retainedBytes / peer.pods / perPod).toFixed(1);
    cells.push(` ${faster} × faster, 1/${smaller} of the heap of the first row`);
  }
  console.log(cells.join(" "));
}

/** What one pod more costs: everything that is there once falls out. */
function printMarginal(results: readonly Measured[]): void {
  const [few, many] = [results[0], results.at(-1)];
  if (few === undefined || many === undefined || few.pods === many.pods) return;
  const bytes = (many.retainedBytes - few.retainedBytes) / (many.pods - few.pods);
  const once = few.retainedBytes - bytes * few.pods;
  const code = few.codeBytes ?? 0;
  console.log(
    `\nthis client: ${(bytes / 1000).toFixed(3)} KB for each further pod (${few.pods} to ${many.pods}); ` +
      `once ${(once / 1e6).toFixed(2)} MB, of it ${(code / 1e6).toFixed(2)} MB machine code of what has become hot`,
  );
}

async function inMemoryLimit(access: ClusterAccess, peer: Measured): Promise<void> {
  try {
    const text = await runInMemoryLimit(128 * 1024 * 1024, [process.execPath, ...commandOf("kinglet", access)]);
    print("this client in 128 MiB", JSON.parse(text) as Measured, peer);
  } catch (error) {
    console.log(
      `this client in 128 MiB    skipped or failed: ${error instanceof Error ? error.message.split("\n")[0] : ""}`,
    );
  }
}

async function againstCanned(count: number): Promise<Measured> {
  const server: ChildProcess = fork(join(import.meta.dirname, "sync/canned-pods.ts"), [String(count)], {
    execArgv: ["--conditions=@kinglet/source", "--max-old-space-size=8000"],
  });
  const [ready] = (await once(server, "message")) as [ClusterAccess & { jsonBytes: number; protobufBytes: number }];
  const access = { server: ready.server, caPem: ready.caPem ?? "", origin: "bench" };
  const sizes = `${(ready.jsonBytes / 1000).toFixed(1)} KB JSON, ${(ready.protobufBytes / 1000).toFixed(1)} KB protobuf each`;
  console.log(`\n${count} pods over loopback TLS, ${sizes}`);
  try {
    const peer = await medianOf(() => measure("client-node", access));
    print("@kubernetes/client-node", peer);
    const own = await medianOf(() => measure("kinglet", access));
    print("this client", own, peer);
    if (options.limit) await inMemoryLimit(access, peer);
    return own;
  } finally {
    server.kill();
  }
}

async function againstGo(kubeconfigPath: string, peer: Measured): Promise<void> {
  let goProgram: string;
  try {
    goProgram = await buildInformerPeer(process.env);
  } catch (error) {
    console.log(`client-go                skipped: ${error instanceof Error ? error.message.split("\n")[0] : ""}`);
    return;
  }
  for (const mode of ["whole", "strip"]) {
    const result = await medianOf(async () => {
      const { stdout } = await run(goProgram, [kubeconfigPath, mode]);
      const { peakRssKiB, ...rest } = JSON.parse(stdout) as Measured & { peakRssKiB: number };
      return { ...rest, peakMb: peakRssKiB / 1024 };
    });
    print(mode === "strip" ? "client-go, stripping" : "client-go, protobuf", result, peer);
  }
}

async function againstReal(count: number): Promise<void> {
  const cluster = await openRealCluster({});
  try {
    const access = { server: cluster.server, caPem: cluster.caPem, token: cluster.tokens.admin, origin: "bench" };
    await fillRealServer(access, count, (done) => process.stderr.write(`\r${done} of ${count} pods created`));
    process.stderr.write("\n");
    console.log(`\n${count} pods from kube-apiserver`);
    const peer = await medianOf(() => measure("client-node", access));
    print("@kubernetes/client-node", peer);
    await againstGo(cluster.kubeconfigPath, peer);
    print("this client", await medianOf(() => measure("kinglet", access)), peer);
  } finally {
    await cluster.stop();
  }
}

console.log(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? ""}; median of ${ROUNDS} runs by wall time`,
);
try {
  const counts = options.pods.split(",").map(Number);
  const own: Measured[] = [];
  for (const count of counts) own.push(await againstCanned(count));
  printMarginal(own);
  const real = realClusterAvailability(process.env);
  if (!options.real) console.log("\nreal API server: skipped (--no-real)");
  else if (real.source !== "binaries") console.log(`\nreal API server: skipped ${real.skipReason}`);
  else await againstReal(counts[0] ?? 5000);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
