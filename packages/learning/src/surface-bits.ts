/** Called once per event; budget: no allocation. */
import type { ActivityEvent } from "@kinglet/enrichment";
import type { ProfileSurface } from "@kinglet/profile";

/** What each bit stands for. Callers are recorded by address alone, so that whoever sees inbound traffic sees all there is to ingress. */
const surfacesByBit: readonly (readonly ProfileSurface[])[] = [
  ["execs"],
  ["opens"],
  ["capabilities"],
  ["syscalls"],
  ["egressDomains"],
  ["egressAddresses"],
  ["ingressAddresses", "ingressDomains"],
];

/** Every surface that there are events for. @internal */
export const ALL_SURFACE_BITS = 127;

/** Which surface an event is evidence for: its source looks at it. 0: none. @internal */
export function surfaceBit(event: ActivityEvent): number {
  switch (event.kind) {
    case "exec":
      return 1;
    case "open":
      return 2;
    case "capabilities":
      return 4;
    case "syscall":
      return 8;
    case "dns":
      return 16;
    case "network":
      // A socket that is listened on says nothing of who would come.
      if (event.isListening) return 0;
      return event.direction === "egress" ? 32 : 64;
    default:
      // Single system calls that a policy names say nothing of all the others.
      return 0;
  }
}

/** @returns sorted. @internal */
export function surfacesOf(bits: number): readonly ProfileSurface[] {
  return surfacesByBit
    .filter((_, at) => (bits & (1 << at)) !== 0)
    .flat()
    .toSorted();
}

/** Words that stand for no surface count for nothing. @internal */
export function bitsOf(surfaces: readonly string[]): number {
  let bits = 0;
  for (const [at, [first = ""]] of surfacesByBit.entries()) if (surfaces.includes(first)) bits |= 1 << at;
  return bits;
}
