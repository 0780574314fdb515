/**
 * What a learner keeps for each container, and for each further one of the same workload:
 * `node --expose-gc --conditions=@kinglet/source packages/learning/bench/memory/learner.ts`
 */
import { ExecEvent, NetworkEvent, OpenEvent, SyscallEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { ManualClock, systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openLearner, type Learner } from "../../src/index.ts";

const PROFILES = 50;
const REPLICAS = 20;
const CONTAINERS = 100;
const sequence = 1;

function identityOf(profile: number, replica: number): ContainerIdentity {
  return {
    containerId: `${profile}-${replica}-`.padEnd(64, "f"),
    podUid: "uid",
    namespace: "shop",
    podName: `web-${profile}-${replica}`,
    containerName: "app",
    containerType: "containers",
    image: "app:1",
    imageId: "app@sha256:1",
    nodeName: "node-1",
    ownerApiVersion: "apps/v1",
    ownerKind: "ReplicaSet",
    ownerName: `web-${profile}`,
    templateHash: "77",
  };
}

function heap(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const limits = { maxTotalBytes: 1e9 };
const store = { update: async () => ({ outcome: "unchanged" }) as const };
const learner = await openLearner({ store, clock: systemClock, logger: noopLogger, metrics: noopMetrics, limits });
const start = (profile: number, replica: number): ContainerIdentity => {
  const identity = identityOf(profile, replica);
  learner.containerStarted(identity, { profileName: `web-${profile}`, isAlreadyRunning: false });
  // Text that the process would have anyway does not count: strings are made anew for each profile.
  for (let at = 0; at < 500; at += 1) {
    learner.record(
      new OpenEvent({ sequence, path: `/usr/lib/${profile}/mod-${at % 40}/file-${at}.so`, flags: ["O_RDONLY"] }),
      identity,
    );
  }
  for (let at = 0; at < 50; at += 1) {
    learner.record(new ExecEvent({ sequence, binary: `/usr/bin/${profile}-tool-${at}`, args: "--a b" }), identity);
    learner.record(
      new NetworkEvent({ sequence, address: `10.${profile}.0.${at}`, port: 443, protocol: "TCP" }),
      identity,
    );
  }
  for (let at = 0; at < 120; at += 1) learner.record(new SyscallEvent({ sequence, name: `syscall_${at}` }), identity);
  return identity;
};
start(PROFILES, 0);
const empty = heap();
for (let profile = 0; profile < PROFILES; profile += 1) start(profile, 0);
const first = heap();
for (let profile = 0; profile < PROFILES; profile += 1) {
  for (let replica = 1; replica <= REPLICAS; replica += 1) start(profile, replica);
}
const all = heap();
const [view] = learner.views().containers;
console.log(`Node ${process.version}; a profile of 500 opens, 50 execs, 120 system calls, 50 egress`);
console.log(
  `each container with a profile of its own: ${((first - empty) / PROFILES / 1024).toFixed(1)} KiB (counted: ${((view?.bytes ?? 0) / 1024).toFixed(1)} KiB)`,
);
console.log(`each further container of the workload: ${((all - first) / PROFILES / REPLICAS).toFixed(0)} B`);
await learner[Symbol.asyncDispose]();

/** Containers with profiles of their own: what each costs while it is learned, and once that is over. */
async function measure(title: string, act: (identity: ContainerIdentity, learner: Learner) => void): Promise<void> {
  const clock = new ManualClock();
  const timings = { maxLearningMs: 600_000 };
  await using one = await openLearner({ store, clock, logger: noopLogger, metrics: noopMetrics, limits, timings });
  const controller = new AbortController();
  const running = one.run({ signal: controller.signal });
  const startOf = (profile: number): void => {
    const identity = identityOf(profile, 0);
    one.containerStarted(identity, { profileName: `own-${profile}`, isAlreadyRunning: false });
    act(identity, one);
  };
  startOf(CONTAINERS);
  const before = heap();
  for (let profile = 0; profile < CONTAINERS; profile += 1) startOf(profile);
  const learned = heap();
  const counted = one.views().containers.at(-1)?.bytes ?? 0;
  await clock.advance(700_000);
  const { state = "" } = one.views().containers.at(-1) ?? {};
  const over = heap();
  const each = (bytes: number): string => (bytes / CONTAINERS / 1024).toFixed(1);
  console.log(
    `${CONTAINERS} containers, ${title}: ${each(learned - before)} KiB each (counted: ${(counted / 1024).toFixed(1)} KiB), once ${state} ${each(over - before)} KiB`,
  );
  controller.abort();
  await running;
}

await measure("nothing done", () => {});
const lists = (count: number, programs: number) => (identity: ContainerIdentity, of: Learner) => {
  for (let program = 0; program < programs; program += 1) {
    for (let at = 0; at < count; at += 1) {
      const args = `-c "job ${String(at)} of ${identity.podName} --output /var/tmp/${String(program)}/${String(at)}"`;
      of.record(new ExecEvent({ sequence, binary: `/usr/bin/tool-${String(program)}`, args }), identity);
    }
  }
};
await measure("40 argument lists of one program", lists(40, 1));
await measure("500 argument lists of one program", lists(500, 1));
await measure("500 argument lists of each of 20 programs", lists(500, 20));
await measure("5,000 files in 20 directories", (identity, of) => {
  for (let at = 0; at < 5_000; at += 1) {
    const path = `/var/cache/${identity.podName}/${String(at % 20)}/${String(at)}`;
    of.record(new OpenEvent({ sequence, path, flags: ["O_RDONLY"] }), identity);
  }
});
