/**
 * Time of a look-up, beside that of a bare `Map`, in one process and interleaved:
 * `node --conditions=@kinglet/source packages/profile-cache/bench/look-up.ts`
 */
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";

import { ProfileCache } from "../src/index.ts";
import { threadMicros } from "./thread-time.ts";

const CONTAINERS = 1_000;
const ROUNDS = 2_000;
const SAMPLES = 15;

const cache = new ProfileCache({
  source: {
    getContainerProfile: async (namespace, name) =>
      parseContainerProfile({
        metadata: { namespace, name, annotations: { "kubescape.io/status": "completed" } },
        spec: { execs: [{ path: "/bin/sh" }, { path: "/bin/ls" }] },
      }),
  },
  clock: systemClock,
  logger: noopLogger,
  metrics: noopMetrics,
  maxEntries: CONTAINERS,
});
const controller = new AbortController();
const running = cache.run({ signal: controller.signal });
const ids: string[] = [];
const bare = new Map<string, ContainerProfile>();
for (let index = 0; index < CONTAINERS; index += 1) {
  const containerId = `${index}`.padStart(64, "f");
  ids.push(containerId);
  bare.set(containerId, parseContainerProfile({ metadata: { namespace: "shop", name: containerId } }));
  cache.addContainer({ containerId, namespace: "shop", profileName: `p${index}`, podName: "p", containerName: "c" });
}
while ([...cache.containers()].some((view) => view.state !== "active"))
  await new Promise((resolve) => setImmediate(resolve));

let sink = 0;
const candidates: readonly (readonly [string, (id: string) => void])[] = [
  ["bare Map", (id) => void (bare.get(id) !== undefined && (sink += 1))],
  ["ProfileCache/get/hit", (id) => void (cache.get(id) !== undefined && (sink += 1))],
  [
    "ProfileCache/get/hit and exec known",
    (id) => void (cache.get(id)?.content.wasExecuted("/bin/sh") === true && (sink += 1)),
  ],
];
const samples = candidates.map((): number[] => []);
for (let sample = 0; sample < SAMPLES; sample += 1) {
  for (const [index, [, run]] of candidates.entries()) {
    const started = threadMicros();
    for (let round = 0; round < ROUNDS; round += 1) for (const id of ids) run(id);
    samples[index]?.push(((threadMicros() - started) * 1_000) / (ROUNDS * CONTAINERS));
  }
}
for (const [index, [name]] of candidates.entries()) {
  const sorted = (samples[index] ?? []).toSorted((left, right) => left - right);
  const [best = 0] = sorted;
  console.log(`${name.padEnd(40)} ${(sorted[SAMPLES >> 1] ?? 0).toFixed(1)} ns, best ${best.toFixed(1)} ns`);
}
controller.abort();
await running;
if (sink === 0) throw new Error("nothing was looked up");
