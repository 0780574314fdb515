/**
 * What a tick costs for 10,000 profiles that did not change, and what a metadata watch leaves of it:
 * `node --conditions=@kinglet/source packages/profile-cache/bench/refresh.ts`
 */
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";

import { ProfileCache, type ProfileWatchHandler } from "../src/index.ts";

const PROFILES = 10_000;
const TICK_MS = 60_000;

async function measure(isWatched: boolean): Promise<void> {
  const objects = new Map<string, ContainerProfile>();
  let requests = 0;
  let handler: ProfileWatchHandler | undefined;
  const clock = new ManualClock();
  const source = {
    getContainerProfile: async (_namespace: string, name: string) => {
      requests += 1;
      return objects.get(name);
    },
    watchMetadata: (given: ProfileWatchHandler, { signal }: { readonly signal: AbortSignal }) => {
      handler = given;
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
  const cache = new ProfileCache({
    source,
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
    maxEntries: PROFILES,
    random: () => 0,
    watchesMetadata: isWatched,
  });
  const controller = new AbortController();
  const running = cache.run({ signal: controller.signal });
  for (let index = 0; index < PROFILES; index += 1) {
    const name = `p${index}`;
    const annotations = { "kubescape.io/status": "completed" };
    const metadata = { name, namespace: "shop", uid: name, resourceVersion: "1", annotations };
    objects.set(name, parseContainerProfile({ metadata, spec: { execs: [{ path: `/bin/${index % 200}` }] } }));
    cache.addContainer({ containerId: name, namespace: "shop", profileName: name, podName: name, containerName: "c" });
  }
  const settled = async (): Promise<void> => {
    for (let before = -1; before !== requests;) {
      before = requests;
      await clock.advance(0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await settled();
  for (const name of objects.keys()) {
    handler?.changed({ type: "added", kind: "ContainerProfile", namespace: "shop", name, resourceVersion: "1" });
  }
  handler?.synced();
  requests = 0;
  const started = process.cpuUsage();
  const TICKS = 5;
  for (let tick = 0; tick < TICKS; tick += 1) {
    await clock.advance(TICK_MS);
    await settled();
  }
  const { user, system } = process.cpuUsage(started);
  const perTick = (user + system) / 1_000 / TICKS;
  const name = isWatched ? "watched" : "asked at each tick";
  console.log(
    `refresh/10,000 unchanged/${name.padEnd(20)} ${perTick.toFixed(1).padStart(7)} ms CPU a tick, ${((perTick * 1_000) / PROFILES).toFixed(2)} \u00b5s an entry, ${requests / TICKS} requests a tick`,
  );
  controller.abort();
  await running;
}

await measure(false);
await measure(true);
