import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import type { ContainerProfile } from "@kinglet/profile";
import { ProfileCache, type CachedProfile } from "@kinglet/profile-cache";

/** The profile as the sensor's cache holds it: whole, or what is left of it under these declarations. */
export async function heldProfile(stored: ContainerProfile, declarations?: readonly unknown[]): Promise<CachedProfile> {
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const clock = new ManualClock();
  const cache = new ProfileCache({
    source: { getContainerProfile: async () => stored },
    maxEntries: 10,
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
  });
  if (declarations !== undefined) cache.setProfileDataRequired(declarations);
  const running = cache.run({ signal: stop.signal });
  stack.defer(() => running);
  stack.defer(() => stop.abort(new Error("the test is over")));
  const { name, namespace } = stored.metadata;
  cache.addContainer({ containerId: "c1", namespace, podName: "p", containerName: "web", profileName: name });
  // The parts that make profiles are loaded with the first one, which takes real time.
  for (;;) {
    const held = cache.get("c1");
    if (held !== undefined) return held;
    await clock.advance(0);
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
