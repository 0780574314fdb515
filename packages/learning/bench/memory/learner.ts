/**
 * What a learner keeps for each container, and for each further one of the same workload:
 * `node --expose-gc --conditions=@kinglet/source packages/learning/bench/memory/learner.ts`
 */
import { ExecEvent, NetworkEvent, OpenEvent, SyscallEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openLearner } from "../../src/index.ts";

const PROFILES = 50;
const REPLICAS = 20;
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
