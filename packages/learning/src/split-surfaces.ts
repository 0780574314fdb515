import type { RecordedSurfaces } from "./recording.ts";

/** Entries of all lists. @internal */
export function sizeOfSurfaces(surfaces: RecordedSurfaces): number {
  const { capabilities, syscalls, execs, opens, rulePolicies, ingress, egress } = surfaces;
  return (
    capabilities.length +
    syscalls.length +
    execs.length +
    opens.length +
    Object.keys(rulePolicies).length +
    ingress.length +
    egress.length
  );
}

/** Parts of about the same size whose union is the whole; never none. @internal */
export function splitSurfaces(surfaces: RecordedSurfaces, parts: number): readonly RecordedSurfaces[] {
  if (parts <= 1) return [surfaces];
  return Array.from({ length: parts }, (_, at) => {
    const take = <T>(list: readonly T[]): readonly T[] =>
      list.slice(Math.floor((list.length * at) / parts), Math.floor((list.length * (at + 1)) / parts));
    return {
      capabilities: take(surfaces.capabilities),
      syscalls: take(surfaces.syscalls),
      execs: take(surfaces.execs),
      opens: take(surfaces.opens),
      rulePolicies: Object.fromEntries(take(Object.entries(surfaces.rulePolicies))),
      ingress: take(surfaces.ingress),
      egress: take(surfaces.egress),
    };
  });
}
