/**
 * Time and allocation of an event that a profile knows already, by kind, beside a bare look-up in a `Map` in the same process:
 * `node --expose-gc --conditions=@kinglet/source packages/learning/bench/record.ts`
 */
import { CapabilityEvent, DnsEvent, ExecEvent, NetworkEvent, OpenEvent, SyscallEvent } from "@kinglet/enrichment";
import type { ActivityEvent, ContainerIdentity } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openLearner } from "../src/index.ts";

const EVENTS = 200_000;
const SAMPLES = 15;
const ENTRIES = 500;

const identity: ContainerIdentity = {
  containerId: "a".repeat(64),
  podUid: "uid",
  namespace: "shop",
  podName: "web-77-a",
  containerName: "app",
  containerType: "containers",
  image: "app:1",
  imageId: "app@sha256:1",
  nodeName: "node-1",
  ownerApiVersion: "apps/v1",
  ownerKind: "ReplicaSet",
  ownerName: "web-77",
  templateHash: "77",
};
const sequence = 1;
const list = <T>(make: (at: number) => T): readonly T[] => Array.from({ length: ENTRIES }, (_, at) => make(at));
const kinds: Readonly<Record<string, readonly ActivityEvent[]>> = {
  exec: list((at) => new ExecEvent({ sequence, binary: `/usr/bin/tool-${at % 50}`, args: `--count ${at % 10}` })),
  "exec, exact vector": list(
    (at) =>
      new ExecEvent({
        source: "linux-audit",
        sequence,
        binary: `/usr/bin/aud-${at % 50}`,
        argv: ["tool", "-n", `${at % 10}`],
      }),
  ),
  open: list(
    (at) => new OpenEvent({ sequence, path: `/usr/lib/module-${at % 40}/index.so`, flags: ["O_RDONLY", "O_CLOEXEC"] }),
  ),
  "open that a pattern covers": list(
    (at) => new OpenEvent({ sequence, path: `/tmp/cache/file-${at}.tmp`, flags: ["O_RDONLY", "O_CLOEXEC"] }),
  ),
  "open below /proc/<number>": list(
    (at) => new OpenEvent({ sequence, path: `/proc/${1000 + at}/stat`, flags: ["O_RDONLY"] }),
  ),
  egress: list(
    (at) => new NetworkEvent({ sequence, address: `10.0.${at >> 8}.${at & 255}`, port: 443, protocol: "TCP" }),
  ),
  ingress: list(
    (at) =>
      new NetworkEvent({
        sequence,
        direction: "ingress",
        address: `10.1.${at >> 8}.${at & 255}`,
        port: 80,
        protocol: "TCP",
      }),
  ),
  dns: list((at) => new DnsEvent({ sequence, name: `host-${at}.example.com.`, addresses: [`203.0.113.${at & 255}`] })),
  capabilities: list((at) => new CapabilityEvent({ sequence, capability: `CAP_${at % 40}` })),
  syscall: list((at) => new SyscallEvent({ sequence, name: `syscall_${at % 120}` })),
};
const learner = await openLearner({
  store: { update: async () => ({ outcome: "unchanged" }) },
  clock: systemClock,
  logger: noopLogger,
  metrics: noopMetrics,
});
learner.containerStarted(identity, { profileName: "p", isAlreadyRunning: false });

const bare = new Map(list((at) => [`/usr/lib/module-${at % 40}/index.so`, at]));
let sink = 0;
const opens = kinds["open"] as readonly OpenEvent[];
const candidates: [string, () => void][] = [
  ["bare Map look-up of a path", runBare],
  ...Object.entries(kinds).map(([name, events]): [string, () => void] => [name, () => runLearner(events)]),
];

function runBare(): void {
  for (let at = 0; at < EVENTS; at += 1) sink += bare.get(opens[at % ENTRIES]!.path) ?? 0;
}

function runLearner(events: readonly ActivityEvent[]): void {
  for (let at = 0; at < EVENTS; at += 1) sink += learner.record(events[at % ENTRIES]!, identity);
}

console.log(`Node ${process.version}, ${EVENTS} known events each, best and median of ${SAMPLES}`);
for (const [name, run] of candidates) {
  for (let warmUp = 0; warmUp < 5; warmUp += 1) run();
  const nanoseconds: number[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    globalThis.gc?.();
    const heapBefore = process.memoryUsage().heapUsed;
    const before = process.hrtime.bigint();
    run();
    nanoseconds.push(Number(process.hrtime.bigint() - before) / EVENTS);
    bytes = Math.min(bytes, (process.memoryUsage().heapUsed - heapBefore) / EVENTS);
  }
  const sorted = nanoseconds.toSorted((left, right) => left - right);
  const [best = 0] = sorted;
  const median = sorted[SAMPLES >> 1] ?? 0;
  console.log(
    `Learner/record/${name}`.padEnd(44),
    `${best.toFixed(0).padStart(5)} ns best ${median.toFixed(0).padStart(5)} ns median ${Math.max(0, bytes).toFixed(3)} B an event`,
  );
}
await learner[Symbol.asyncDispose]();
if (sink === 0) throw new Error("nothing was measured");
