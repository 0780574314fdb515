/**
 * What starting costs: importing the package, and one informer that is connected and in sync with a cluster without pods. Heap and external memory after
 * collection, modules (of the bundle, and of Node), milliseconds (of the informer alone, without the import); beside it Node's own part and `@kubernetes/client-node`.
 *
 * Run: `node --conditions=@kinglet/source packages/kube-client/bench/start-up.ts`. The package is bundled as the product does (esbuild, CJS); each run is a fresh
 * process, medians of seven; the server (TLS, HTTP/2) is a process of its own.
 */
import { build, type Metafile } from "esbuild";
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeDecoder } from "../src/protobuf/write-decoder.ts";
import { SYNC_PATHS } from "./sync/sync-paths.ts";

const RUNS = 7;
const FLAGS = ["--expose-gc", "--max-semi-space-size=1", "--no-concurrent-recompilation"];

/** What a program with one informer is; `decoder`: with the decoder that was written at build time. */
const PROGRAMS = {
  table: `import { createInformer, createKubeClient, pods } from "@kinglet/kube-client";
export { createInformer, createKubeClient, pods };
export const projection = { paths: ${JSON.stringify(SYNC_PATHS)} };`,
  written: `import { createInformer, createKubeClient, pods } from "@kinglet/kube-client";
import { createPodDecoder } from "./pod-decoder.ts";
export { createInformer, createKubeClient, pods };
export const projection = { paths: ${JSON.stringify(SYNC_PATHS)}, protobuf: createPodDecoder };`,
} as const;

/** Runs in the measured process. */
const CHILD = `
const used = () => { for (let i = 0; i < 4; i++) gc(); const { heapUsed, external } = process.memoryUsage(); return { heapUsed, external }; };
const native = () => process.moduleLoadList.filter((name) => name.startsWith("NativeModule")).length;
const difference = (now, then) => ({ heapMb: (now.heapUsed - then.heapUsed) / 1e6, externalMb: (now.external - then.external) / 1e6 });
(async () => {
  const [what, file, server, caFile] = process.argv.slice(2);
  const fs = require("node:fs");
  const before = used(), nativeBefore = native();
  let at = process.hrtime.bigint();
  const ms = () => { const now = process.hrtime.bigint(); const took = Number(now - at) / 1e6; at = now; return took; };
  if (what === "node") { require("node:http"); require("node:https"); require("node:tls"); }
  const lib = what === "node" ? undefined : what === "client-node" ? await import(file) : require(file);
  const rows = { import: { ms: ms(), ...difference(used(), before), native: native() - nativeBefore } };
  if (what !== "node") {
    ms();
    if (what === "client-node") {
      const config = new lib.KubeConfig();
      config.loadFromClusterAndUser({ name: "c", server, caData: fs.readFileSync(caFile).toString("base64"), skipTLSVerify: false }, { name: "u", token: "" });
      const api = config.makeApiClient(lib.CoreV1Api);
      const informer = lib.makeInformer(config, "/api/v1/pods", () => api.listPodForAllNamespaces());
      await informer.start();
    } else {
      const client = lib.createKubeClient({ server, caPem: fs.readFileSync(caFile, "utf8"), origin: "bench" });
      const informer = lib.createInformer(client, lib.pods, { projection: lib.projection });
      void informer.run({ signal: new AbortController().signal });
      await informer.waitForSync();
    }
    const took = ms();
    await new Promise((resolve) => setTimeout(resolve, 300));
    rows.informer = { ms: took, ...difference(used(), before), native: native() - nativeBefore };
  }
  process.stdout.write(JSON.stringify(rows), () => process.exit(0));
})();`;

interface Row {
  readonly ms: number;
  readonly heapMb: number;
  readonly externalMb: number;
  readonly native: number;
}

type Rows = Readonly<Record<"import" | "informer", Row | undefined>>;

const folder = mkdtempSync(join(tmpdir(), "kinglet-start-up-"));
const child = join(folder, "child.cjs");
const caFile = join(folder, "ca.pem");

async function bundle(name: keyof typeof PROGRAMS): Promise<{ readonly file: string; readonly size: string }> {
  const outfile = join(folder, `${name}.cjs`);
  const { metafile } = await build({
    stdin: { contents: PROGRAMS[name], resolveDir: folder, loader: "ts", sourcefile: join(folder, `${name}.ts`) },
    alias: { "@kinglet/kube-client": join(import.meta.dirname, "../src/index.ts") },
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node26",
    conditions: ["@kinglet/source"],
    minifyWhitespace: true,
    metafile: true,
    logLevel: "warning",
  });
  return { file: outfile, size: sizeOf(metafile) };
}

function sizeOf({ inputs, outputs }: Metafile): string {
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
  return `${Object.keys(inputs).length} modules in a bundle of ${(bytes / 1000).toFixed(0)} KB`;
}

async function measure(...args: readonly string[]): Promise<Rows> {
  const all: Rows[] = [];
  for (let round = 0; round < RUNS; round++) {
    const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, child, ...args]);
    all.push(JSON.parse(stdout) as Rows);
  }
  return { import: median(all.map((rows) => rows.import)), informer: median(all.map((rows) => rows.informer)) };
}

function median(rows: readonly (Row | undefined)[]): Row | undefined {
  const middle = (pick: (row: Row) => number): number =>
    rows.map((row) => (row === undefined ? 0 : pick(row))).toSorted((one, other) => one - other)[RUNS >> 1] ?? 0;
  if (rows.every((row) => row === undefined)) return undefined;
  return {
    ms: middle(({ ms }) => ms),
    heapMb: middle(({ heapMb }) => heapMb),
    externalMb: middle(({ externalMb }) => externalMb),
    native: middle(({ native }) => native),
  };
}

function print(name: string, row: Row | undefined, more = ""): void {
  if (row === undefined) return;
  const mb = (value: number): string => `${value.toFixed(2).padStart(6)} MB`;
  console.log(
    `${name.padEnd(48)} ${row.ms.toFixed(0).padStart(5)} ms  heap ${mb(row.heapMb)}  external ${mb(row.externalMb)}  ` +
      `${String(row.native).padStart(3)} modules of Node${more === "" ? "" : `, ${more}`}`,
  );
}

const server = fork(join(import.meta.dirname, "sync/canned-pods.ts"), ["0"], {
  execArgv: ["--conditions=@kinglet/source"],
});
try {
  const [ready] = (await once(server, "message")) as [{ server: string; caPem: string }];
  writeFileSync(caFile, ready.caPem);
  writeFileSync(child, CHILD);
  const kind = { apiVersion: "v1", kind: "Pod" };
  writeFileSync(
    join(folder, "pod-decoder.ts"),
    writeDecoder({ paths: SYNC_PATHS }, { kind, name: "createPodDecoder" }),
  );
  console.log(
    `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? ""}; each a fresh process, medians of ${RUNS}, against a bare process`,
  );
  print("node:http, node:https, node:tls", (await measure("node")).import);
  for (const name of ["written", "table"] as const) {
    const { file, size } = await bundle(name);
    const rows = await measure("own", file, ready.server, caFile);
    if (name === "written") print("import of this package", rows.import, size);
    print(
      `and one informer in sync, decoder ${name === "written" ? "written at build" : "by the table"}`,
      rows.informer,
      size,
    );
  }
  const peer = createRequire(import.meta.url).resolve("@kubernetes/client-node");
  const rows = await measure("client-node", peer, ready.server, caFile);
  print("import of @kubernetes/client-node", rows.import);
  print("and one informer of it in sync", rows.informer);
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
