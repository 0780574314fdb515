/**
 * What telling repetitions costs: ns and bytes allocated per event, and the table alone as its peer in the Go node-agent is measured: with keys that are given.
 * Run: node --expose-gc --conditions=@kinglet/source packages/detection/bench/dedup.ts
 */
import { NetworkEvent, OpenEvent, SyscallEvent, type ActivityEvent } from "@kinglet/enrichment";

import { DedupSlots } from "../src/dedup-slots.ts";
import { DedupTable } from "../src/dedup-table.ts";

let state = 1;
const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
const digits = (count: number): string =>
  Array.from({ length: count }, () => ((random() * 16) | 0).toString(16)).join("");

/** 400 processes in 100 containers. */
const containers = Array.from({ length: 100 }, () => digits(31));
const processes = Array.from({ length: 400 }, (_, n) => ({
  pid: 2 + ((random() * 4_000_000) | 0),
  containerIdPrefix: containers[n % containers.length] ?? "",
}));
const libraries = Array.from({ length: 200 }, (_, n) => `/usr/lib/x86_64-linux-gnu/${digits(4 + (n % 8))}.so.6`);
const now = 1_780_000_000_000;

/** As decoders leave texts: in one piece, and each event with texts of its own. */
function own<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function events(
  make: (n: number, origin: { pid: number; containerIdPrefix: string }) => ActivityEvent,
): ActivityEvent[] {
  return Array.from({ length: 400 }, (_, n) => make(n, own(processes[n % processes.length]!)));
}

const open = (n: number, origin: object, path: string): ActivityEvent =>
  new OpenEvent({ ...origin, sequence: n, path: own(path), flagsRaw: 0, receivedAtMs: now });
const network = (n: number, origin: object): ActivityEvent =>
  new NetworkEvent({
    ...origin,
    sequence: n,
    address: own("10.96.0.10"),
    port: 53,
    protocol: "UDP",
    receivedAtMs: now,
  });
const syscall = (n: number, origin: object): ActivityEvent =>
  new SyscallEvent({ ...origin, sequence: n, name: "openat", receivedAtMs: now });
let fresh = 0;

const cases: Readonly<Record<string, ActivityEvent[]>> = {
  "open, path of 34 to 41 characters": events((n, origin) => open(n, origin, libraries[n % 200]!)),
  "open, path of 12 characters": events((n, origin) => open(n, origin, `/etc/hosts.${n % 10}`)),
  network: events(network),
  syscall: events(syscall),
  "the three in turn": events((n, origin) =>
    n % 4 < 2 ? open(n, origin, libraries[n % 200]!) : n % 4 === 2 ? network(n, origin) : syscall(n, origin),
  ),
};

const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

function say(name: string, rounds: number, count: number, pass: () => number): void {
  for (let warm = 0; warm < 200; warm++) pass();
  collect();
  const heap = process.memoryUsage().heapUsed;
  let duplicates = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let part = 0; part < 200; part++) {
    const started = process.hrtime.bigint();
    for (let round = 0; round < rounds / 200; round++) duplicates += pass();
    best = Math.min(best, Number(process.hrtime.bigint() - started) / ((rounds / 200) * count));
  }
  const bytes = (process.memoryUsage().heapUsed - heap) / (rounds * count);
  const share = ((100 * duplicates) / (rounds * count)).toFixed(1);
  process.stdout.write(
    `${name.padEnd(50)} ${best.toFixed(1)} ns, ${bytes.toFixed(4)} bytes an event, ${share} % duplicates\n`,
  );
}

for (const [name, list] of Object.entries(cases)) {
  const table = new DedupTable();
  say(name, 10_000, list.length, () => {
    let duplicates = 0;
    for (let at = 0; at < list.length; at++) if (table.isDuplicate(list[at]!)) duplicates++;
    return duplicates;
  });
}
{
  // A path that was never there before, as a process that reads a large tree opens them.
  const table = new DedupTable();
  const list = Array.from({ length: 200_000 }, (_, n) => open(n, processes[n % 400]!, `/srv/data/${digits(20)}.db`));
  const started = process.hrtime.bigint();
  for (const event of list) if (table.isDuplicate(event)) fresh++;
  const ns = Number(process.hrtime.bigint() - started) / list.length;
  process.stdout.write(
    `${"open, path of 34 characters, always another".padEnd(50)} ${ns.toFixed(1)} ns, ${fresh} duplicates\n`,
  );
}
// The peer's benchmarks of its table; making its keys takes another 27 to 35 ns of Go on the same machine.
{
  const slots = new DedupSlots(18);
  say("table alone, a key that is held (Go: 0.8 ns)", 5_000, 4096, () => {
    let held = 0;
    for (let n = 0; n < 4096; n++) if (slots.isHeld(0x5eadbeef, 0, 1000, 156)) held++;
    return held;
  });
}
{
  const slots = new DedupSlots(18);
  let key = 0;
  say("table alone, always another key (Go: 6.8 to 9.3 ns)", 5_000, 4096, () => {
    let held = 0;
    for (let n = 0; n < 4096; n++, key = (key + 1) | 0) if (slots.isHeld(key >> 16, key << 16, 1000, 156)) held++;
    return held;
  });
}
