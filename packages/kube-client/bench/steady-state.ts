/**
 * An informer of 5,000 pods under a steady stream of watch events: share of a processor, heap after collection seven times and its slope,
 * delay from the server's write to the handler.
 *
 * Run: `node --conditions=@kinglet/source packages/kube-client/bench/steady-state.ts [--events 2000] [--seconds 60]`. The server is a process of its own.
 */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { bundleCandidate, makeBundleFolder } from "./sync/bundle-candidate.ts";

const { values: options } = parseArgs({
  options: { events: { type: "string", default: "2000" }, seconds: { type: "string", default: "60" } },
});
const PODS = 5000;
const folder = mkdtempSync(join(tmpdir(), "kinglet-steady-"));
const server = fork(join(import.meta.dirname, "sync/canned-pods.ts"), [String(PODS), options.events], {
  execArgv: ["--conditions=@kinglet/source"],
});
try {
  const [ready] = (await once(server, "message")) as [{ server: string; caPem: string }];
  writeFileSync(join(folder, "ca.pem"), ready.caPem);
  using bundles = makeBundleFolder();
  const program = await bundleCandidate(join(import.meta.dirname, "steady/steady-candidate.ts"), bundles.path);
  const flags = ["--expose-gc", "--max-semi-space-size=1"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    ...[program, ready.server, join(folder, "ca.pem"), options.seconds],
  ]);
  const measured = JSON.parse(stdout) as Record<string, number> & { heapMb: number[] };
  const number = (name: string): string => (measured[name] ?? 0).toFixed(2);
  console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? ""}`);
  console.log(
    `${PODS} pods, ${number("perSecond")} events/s for ${options.seconds} s: ${number("cpuPercent")} % of a processor, ` +
      `p50 ${number("p50Ms")} ms, p99 ${number("p99Ms")} ms, heap ${measured.heapMb.map((mb) => mb.toFixed(2)).join(" → ")} MB, slope ${number("slopeMbPerMinute")} MB/min`,
  );
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
