/**
 * What carrying requests costs: HTTP/1.1 keep-alive, HTTP/2 of our own, HTTP/2 of `node:http2`, each under the same client with the same watches and calls.
 *
 * Run: `node --conditions=@kinglet/source packages/kube-client/bench/memory/transport.ts [--real] [--half-open]`. Bundles the package as the product does
 * (esbuild, CJS); each row is a fresh process that also has an HTTP server (health), as every applet does. `--real` takes the real API server of
 * `tools/real-cluster` instead of kube-sim; `--half-open` waits, in real time, for a proxy that forwards nothing to be noticed.
 */
import { openRealCluster } from "@kinglet-tools/real-cluster";
import { openKubeSim } from "@kinglet/kube-sim";
import { build } from "esbuild";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openBlackhole } from "../../test/open-blackhole.ts";

/** Runs in the measured process. */
const CHILD = `
const fs = require("node:fs");
const used = () => { for (let i = 0; i < 4; i++) gc(); return process.memoryUsage(); };
const anonymous = () => +/^Anonymous:\\s+(\\d+)/m.exec(fs.readFileSync("/proc/self/smaps_rollup", "utf8"))[1];
const tcp = () => fs.readdirSync("/proc/self/fd").filter((fd) => { try { return fs.readlinkSync("/proc/self/fd/" + fd).startsWith("socket:"); } catch { return false; } }).length;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
(async () => {
  const [bundle, accessFile, kind, watches, mode] = process.argv.slice(2);
  await new Promise((resolve) => require("node:http").createServer(() => {}).listen(0, "127.0.0.1", resolve));
  const before = tcp();
  const start = process.hrtime.bigint();
  const lib = require(bundle);
  const access = JSON.parse(fs.readFileSync(accessFile, "utf8"));
  const transport = kind === "node-h2" ? nodeHttp2(access) : lib.createTransport(access, kind === "http/1.1" ? { protocol: "http/1.1" } : {});
  const client = lib.createKubeClient(access, { transport });
  await client.list(lib.namespaces);
  const firstMs = Number(process.hrtime.bigint() - start) / 1e6;
  let ended = 0;
  const stop = new AbortController();
  for (let index = 0; index < +watches; index++) {
    const started = Promise.withResolvers();
    (async () => {
      try { for await (const event of client.watch(lib.namespaces, { signal: stop.signal })) started.resolve(); } catch {}
      ended = Date.now(); started.resolve();
    })();
    await started.promise;
  }
  for (let index = 0; index < 10; index++) await client.list(lib.namespaces);
  await Promise.all([1, 2, 3, 4].map(() => client.list(lib.namespaces)));
  if (mode === "half-open") {
    process.send("swallow");
    const from = Date.now();
    while (ended === 0) await wait(500);
    await client.list(lib.namespaces);
    process.send({ kind, noticedAfterS: Math.round((ended - from) / 1000), answersAfterS: Math.round((Date.now() - from) / 1000) });
    process.exit();
  }
  await wait(2000);
  const memory = used();
  const mb = (bytes) => (bytes / 1e6).toFixed(2);
  const row = { kind, watches: +watches, heapUsedMB: mb(memory.heapUsed), heapAndExternalMB: mb(memory.heapUsed + memory.external), anonymousMB: (anonymous() / 1024).toFixed(1), rssMB: (memory.rss / 1e6).toFixed(1), sockets: tcp() - before, firstAnswerMs: Math.round(firstMs) };
  console.log(JSON.stringify(row));
  process.exit();
})();
function nodeHttp2(access) {
  const http2 = require("node:http2");
  const session = http2.connect(access.server, { ca: access.caPem, settings: { enablePush: false } });
  return {
    send: (request) => new Promise((resolve, reject) => {
      const stream = session.request({ ":method": request.method, ":path": request.path, ...request.headers });
      stream.on("response", (headers) => resolve({ status: headers[":status"], headers, body: stream }));
      stream.on("error", reject);
      request.signal.addEventListener("abort", () => stream.close(8), { once: true });
      stream.end(request.body);
    }),
    [Symbol.asyncDispose]: async () => session.destroy(),
  };
}`;

const KINDS = ["http/1.1", "http/2", "node-h2"] as const;

interface Target extends AsyncDisposable {
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
}

async function openTarget(isReal: boolean): Promise<Target> {
  if (!isReal) return openKubeSim();
  const cluster = await openRealCluster();
  return {
    server: cluster.server,
    caPem: cluster.caPem,
    token: cluster.tokens.admin,
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}

async function main(): Promise<void> {
  const isReal = process.argv.includes("--real");
  const dir = await mkdtemp(join(tmpdir(), "kinglet-transport-"));
  await using target = await openTarget(isReal);
  await using proxy = await openBlackhole(Number(new URL(target.server).port));
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
    const { caPem, token } = target;
    const direct = join(dir, "direct.json");
    await writeFile(direct, JSON.stringify({ server: target.server, caPem, token, origin: "bench" }));
    const proxied = join(dir, "proxied.json");
    const server = `https://127.0.0.1:${proxy.port}`;
    await writeFile(proxied, JSON.stringify({ server, caPem, token, origin: "bench" }));
    console.log(`node ${process.version}, ${cpus()[0]?.model}, ${isReal ? "real API server" : "kube-sim"}`);
    const flags = ["--expose-gc", "--max-semi-space-size=1", child, bundle];
    for (const watches of [0, 3, 10, 50]) {
      for (const kind of KINDS) {
        const { stdout } = await promisify(execFile)(process.execPath, [...flags, direct, kind, String(watches)]);
        process.stdout.write(stdout);
      }
    }
    if (!process.argv.includes("--half-open")) return;
    const { fork } = await import("node:child_process");
    for (const kind of ["http/1.1", "http/2"]) {
      const done = Promise.withResolvers<void>();
      const args = [bundle, proxied, kind, "1", "half-open"];
      const running = fork(child, args, { execArgv: ["--expose-gc"] });
      running.on("message", (message) => {
        if (message === "swallow") proxy.swallow();
        else {
          console.log(message);
          done.resolve();
        }
      });
      await done.promise;
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

await main();
