import type { LearnedContainer } from "./learned-container.ts";

/** True when another container may be followed: one that is done with and runs on gives its place away. @internal */
export function hasRoom(containers: Map<string, LearnedContainer>, maxContainers: number): boolean {
  if (containers.size < maxContainers) return true;
  for (const [containerId, { isReported, state }] of containers) {
    if (isReported || state === "ignored") return containers.delete(containerId);
  }
  return false;
}
