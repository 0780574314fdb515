/** Called once per event and container; budget: no allocation. */
import type { ActivityEvent } from "@kinglet/enrichment";
import type { ProfileSurface } from "@kinglet/policy-engine";

import type { ProfileView } from "./detector.ts";

/**
 * The part of the profile that an event would stand in, when nobody looked at that part while the profile was learned: that it is not there
 * says nothing about the container.
 *
 * @returns undefined when the part was looked at, or profiles have none for events of the kind.
 *
 * @internal
 */
export function unobservedSurface({ unobserved }: ProfileView, event: ActivityEvent): ProfileSurface | undefined {
  if (unobserved === undefined || unobserved.length === 0) return undefined;
  const surface = surfaceOf(event);
  return surface !== undefined && unobserved.includes(surface) ? surface : undefined;
}

function surfaceOf(event: ActivityEvent): ProfileSurface | undefined {
  switch (event.kind) {
    case "exec":
      return "execs";
    case "open":
      return "opens";
    case "capabilities":
      return "capabilities";
    case "syscall":
      return "syscalls";
    case "dns":
      return "egressDomains";
    case "network":
      return event.direction === "egress" ? "egressAddresses" : "ingressAddresses";
    default:
      return undefined;
  }
}
