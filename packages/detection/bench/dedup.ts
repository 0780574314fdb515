/**
 * What telling repetitions costs: ns and bytes allocated per event.
 * Run: node --expose-gc --conditions=@kinglet/source packages/detection/bench/dedup.ts
 */
import { NetworkEvent, OpenEvent, SyscallEvent, type ActivityEvent } from "@kinglet/enrichment";

import { DedupTable } from "../src/dedup-table.ts";

const containers = Array.from({ length: 100 }, (_, n) =>
  flat((((n + 1) * 0x9e3779b1) >>> 0).toString(16).padEnd(31, "7")),
);
const now = 1_780_000_000_000;

/** As decoders leave texts: in one piece. */
function flat(text: string): string {
  return String(JSON.parse(JSON.stringify(text)));
}

function events(make: (n: number, container: string) => ActivityEvent): ActivityEvent[] {
  return Array.from({ length: 4096 }, (_, n) => make(n, containers[n % containers.length] ?? ""));
}

const cases: Readonly<Record<string, ActivityEvent[]>> = {
  "open, path of 33 characters": events(
    (n, containerIdPrefix) =>
      new OpenEvent({
        sequence: n,
        containerIdPrefix,
        pid: n,
        path: flat(`/usr/lib/x86_64-linux-gnu/libc.${n % 10}.`),
        flagsRaw: 0,
        receivedAtMs: now,
      }),
  ),
  "open, path of 12 characters": events(
    (n, containerIdPrefix) =>
      new OpenEvent({
        sequence: n,
        containerIdPrefix,
        pid: n,
        path: flat(`/etc/hosts.${n % 10}`),
        flagsRaw: 0,
        receivedAtMs: now,
      }),
  ),
  network: events(
    (n, containerIdPrefix) =>
      new NetworkEvent({
        sequence: n,
        containerIdPrefix,
        pid: n,
        address: "10.96.0.10",
        port: 53,
        protocol: "UDP",
        receivedAtMs: now,
      }),
  ),
  syscall: events(
    (n, containerIdPrefix) =>
      new SyscallEvent({ sequence: n, containerIdPrefix, pid: n, name: "openat", receivedAtMs: now }),
  ),
};

const rounds = 2_000;
const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
for (const [name, list] of Object.entries(cases)) {
  const table = new DedupTable();
  let duplicates = 0;
  const pass = (): void => {
    for (let at = 0; at < list.length; at++) if (table.isDuplicate(list[at]!)) duplicates++;
  };
  for (let warm = 0; warm < 200; warm++) pass();
  duplicates = 0;
  collect();
  const heap = process.memoryUsage().heapUsed;
  const started = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) pass();
  const ns = Number(process.hrtime.bigint() - started) / (rounds * list.length);
  const bytes = (process.memoryUsage().heapUsed - heap) / (rounds * list.length);
  const share = ((100 * duplicates) / (rounds * list.length)).toFixed(1);
  process.stdout.write(
    `${name.padEnd(30)} ${ns.toFixed(1)} ns, ${bytes.toFixed(4)} bytes an event, ${share} % duplicates\n`,
  );
}
