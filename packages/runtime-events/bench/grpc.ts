// What the gRPC stream costs: node --expose-gc --conditions=@kinglet/source bench/grpc.ts [--grpc-js FOLDER]
// An emulated agent in a process of its own sends recorded events as fast as they are read; one run, ratios to the raw client. FOLDER is a
// folder outside the repository with `npm install @grpc/grpc-js protobufjs`: the peer is no dependency of this repository.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type * as Protobuf from "protobufjs";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { GrpcConnection } from "../src/tetragon-grpc/grpc-connection.ts";
import { openSocket } from "../src/tetragon-grpc/open-socket.ts";
import { openTetragonGrpcSource } from "../src/tetragon-grpc/open-tetragon-grpc-source.ts";

const loops = 20;
const eventsPerLoop = 10_671;
const total = loops * eventsPerLoop;
const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "kinglet-grpc-"));
const peerAt = process.argv.indexOf("--grpc-js");
const peer = peerAt < 0 ? undefined : process.argv[peerAt + 1];

interface Agent {
  readonly child: ChildProcess;
  readonly address: string;
  /** Its counts when everything happened. */
  readonly counts: Promise<{ readonly dropped: number }>;
}

async function startAgent(rate: string, times: number): Promise<Agent> {
  const args = ["--conditions=@kinglet/source", join(root, "tools/tetragon-emulator/src/main.ts")];
  const address = `unix:${join(folder, "tetragon.sock")}`;
  const plan = ["--rate", rate, "--loops", String(times), "--keep-time", "--keep-ids", "--wait-for-client"];
  const child = spawn(process.execPath, [...args, "--address", address, ...plan], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const [ready, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    (lines.length === 1 ? ready : over).resolve();
  });
  await ready.promise;
  return { child, address, counts: over.promise.then(() => JSON.parse(lines[1]!) as { readonly dropped: number }) };
}

/** Reads everything; `tell` is called now and then with the number of messages so far. @returns how to stop. */
type Read = (address: string, tell: (count: number) => void) => Promise<() => void>;

/** @returns events a second, and CPU time of this process per event, microseconds. */
async function measure(read: Read): Promise<{ rate: number; cpu: number }> {
  const agent = await startAgent("lossless", loops);
  let first = 0;
  let startMs = 0;
  let cpu = process.cpuUsage();
  const { promise, resolve } = Promise.withResolvers<number>();
  const close = await read(agent.address, (count) => {
    // The agent encodes while it goes through the recording for the first time.
    if (first === 0 && count >= 2 * eventsPerLoop) {
      first = count;
      startMs = performance.now();
      cpu = process.cpuUsage();
    }
    if (count >= total) resolve(performance.now() - startMs);
  });
  const elapsedMs = await promise;
  const used = process.cpuUsage(cpu);
  close();
  agent.child.kill();
  const measured = total - first;
  return { rate: Math.round((measured / elapsedMs) * 1000), cpu: (used.user + used.system) / measured };
}

async function raw(address: string, tell: (count: number) => void): Promise<() => void> {
  const target = { kind: "unix", path: address.slice("unix:".length) } as const;
  const socket = await openSocket(target, undefined, { clock: systemClock, signal: new AbortController().signal });
  const connection = new GrpcConnection(socket, systemClock);
  let count = 0;
  void connection.serverStream("GetEvents", new Uint8Array(), {
    maxMessageBytes: 4_194_304,
    onMessage: () => {
      count += 1;
    },
    onTooLong: () => {},
    onChunkEnd: () => tell(count),
  });
  return () => connection.destroy("measured");
}

const source: Read = async (address, tell) => {
  const options = { clock: systemClock, logger: noopLogger, metrics: noopMetrics, ignoresHealthChecks: false };
  const events = await openTetragonGrpcSource({ address, ...options });
  const stop = new AbortController();
  let delivered = 0;
  // Replays that are known are read and not delivered.
  const look = (): void => tell(events.health().eventsTotal);
  const timer = setInterval(look, 5);
  const run = events.run({
    signal: stop.signal,
    deliver: (event) => {
      events.acknowledge(event.sequence);
      if (++delivered % 1000 === 0) look();
    },
  });
  return () => {
    clearInterval(timer);
    stop.abort();
    void run.then(() => events[Symbol.asyncDispose]());
  };
};

/** A process that stands still for a second while 10,000 events a second come. */
async function stall(): Promise<string> {
  const agent = await startAgent("10000", 4);
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const close = await source(agent.address, (read) => {
    count = read;
    if (count >= 4 * eventsPerLoop) resolve();
  });
  await new Promise((done) => setTimeout(done, 1500));
  const begin = performance.now();
  while (performance.now() - begin < 1000);
  const { dropped } = await agent.counts;
  await Promise.race([promise, new Promise((done) => setTimeout(done, 2000))]);
  close();
  agent.child.kill();
  return `read ${count} of ${4 * eventsPerLoop}, the agent dropped ${dropped}`;
}

interface PeerCall {
  on(event: "data" | "error", listener: (value: never) => void): void;
  cancel(): void;
}

/** The peer's client with raw messages, and with protobufjs behind it. */
function grpcJs(isDecoding: boolean): Read {
  return (address, tell) => {
    let count = 0;
    const load = createRequire(join(peer!, "package.json"));
    const { Client, credentials } = load("@grpc/grpc-js") as {
      Client: new (
        target: string,
        by: unknown,
      ) => {
        makeServerStreamRequest(
          path: string,
          write: unknown,
          read: (bytes: Buffer) => unknown,
          message: unknown,
        ): PeerCall;
        close(): void;
      };
      credentials: { createInsecure(): unknown };
    };
    const protobuf = load("protobufjs") as typeof Protobuf;
    const file = new protobuf.Root();
    file.resolvePath = (_origin, path) =>
      path.startsWith("google/") ? path : join(root, "tools/tetragon-emulator/gen", path);
    file.loadSync("tetragon.proto", { keepCase: true });
    const type = file.lookupType("tetragon.GetEventsResponse");
    const client = new Client(address, credentials.createInsecure());
    const call = client.makeServerStreamRequest(
      "/tetragon.FineGuidanceSensors/GetEvents",
      () => Buffer.alloc(0),
      (bytes) => (isDecoding ? type.decode(bytes) : bytes),
      {},
    );
    call.on("data", () => {
      count += 1;
      if (count % 1000 === 0 || count === total) tell(count);
    });
    call.on("error", () => {});
    return Promise.resolve(() => {
      call.cancel();
      client.close();
    });
  };
}

/** Heap and external memory that loading something costs, KiB, in a process of its own. */
function importCost(what: string): string {
  const script = `global.gc(); const b = process.memoryUsage(); const load = async () => { ${what} };
    load().then(() => { global.gc(); const a = process.memoryUsage();
    console.log(JSON.stringify([a.heapUsed - b.heapUsed, a.external - b.external].map((n) => Math.round(n / 1024)))); });`;
  const args = ["--expose-gc", "--conditions=@kinglet/source", "--input-type=module", "-e", script];
  const [heap, external] = JSON.parse(
    execFileSync(process.execPath, args, { encoding: "utf8", cwd: root }),
  ) as number[];
  return `${heap} KiB heap, ${external} KiB external`;
}

const bundles = join(folder, "bundles");
function bundle(entry: string): string {
  const out = join(bundles, `${entry.replace(/\W+/g, "-")}.cjs`);
  const esbuild = join(root, "node_modules/.bin/esbuild");
  const args = [
    entry,
    "--bundle",
    "--platform=node",
    "--format=cjs",
    "--conditions=@kinglet/source",
    "--minify-whitespace",
    "--minify-syntax",
  ];
  execFileSync(esbuild, [...args, `--outfile=${out}`, "--log-level=error"], { cwd: root });
  return out;
}

try {
  console.log("at import, as one CJS file:");
  console.log("  node:http2 alone:", importCost('await import("node:http2")'));
  const own = bundle(join(root, "packages/runtime-events/src/tetragon-grpc/index.ts"));
  console.log(
    "  this source, with node:http2:",
    importCost(`(await import("node:module")).createRequire("/")(${JSON.stringify(own)})`),
  );
  if (peer !== undefined) {
    const other = bundle(join(peer, "node_modules/@grpc/grpc-js/build/src/index.js"));
    console.log(
      "  @grpc/grpc-js:",
      importCost(`(await import("node:module")).createRequire("/")(${JSON.stringify(other)})`),
    );
  }
  console.log(`events of the recording, ${total} of them, from another process over a unix socket:`);
  const candidates: readonly (readonly [string, Read])[] = [
    ["this client, raw messages", raw],
    ["this source, all kinds to events", source],
    ...(peer === undefined
      ? []
      : ([
          ["@grpc/grpc-js, raw messages", grpcJs(false)],
          ["@grpc/grpc-js and protobufjs", grpcJs(true)],
        ] as const)),
  ];
  let base = 0;
  for (const [name, read] of candidates) {
    const { rate, cpu } = await measure(read);
    if (base === 0) base = rate;
    console.log(`  ${name}: ${rate} events/s (x ${(rate / base).toFixed(2)}), ${cpu.toFixed(1)} µs of CPU an event`);
  }
  console.log("10,000 events/s, this process stands still for 1 s:", await stall());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
