import type { LabelSelector } from "../label-selector.ts";
import type { NetworkNeighbor, NetworkPort } from "../network-neighbor.ts";
import { appendNew, sortedUnion, uniteBy } from "./unions.ts";

/** Adds an overlay's peers to those of a profile, as `applyOverlays` says. @internal */
export function mergeNeighbors(
  base: readonly NetworkNeighbor[],
  added: readonly NetworkNeighbor[],
): readonly NetworkNeighbor[] {
  if (added.length === 0) return base;
  const result = [...base];
  const positions = new Map<string, number>();
  for (const [position, { identifier }] of base.entries()) {
    if (identifier !== "" && !positions.has(identifier)) positions.set(identifier, position);
  }
  for (const neighbor of added) {
    const position = positions.get(neighbor.identifier);
    if (position === undefined) result.push(neighbor);
    else result[position] = mergeNeighbor(result[position]!, neighbor);
  }
  return result;
}

/** Adds an overlay's selector: its labels win, its requirements are added. @internal */
export function mergeSelectors(base: LabelSelector, added: LabelSelector): LabelSelector {
  return {
    // fromEntries defines members, so a label called __proto__ stays a label.
    matchLabels: Object.fromEntries([...Object.entries(base.matchLabels), ...Object.entries(added.matchLabels)]),
    matchExpressions:
      added.matchExpressions.length === 0
        ? base.matchExpressions
        : uniteBy(
            [...base.matchExpressions, ...added.matchExpressions],
            (item) => JSON.stringify([item.key, item.operator, sortedUnion([item.values])]),
            ([first]) => first!,
          ),
  };
}

function mergeNeighbor(base: NetworkNeighbor, added: NetworkNeighbor): NetworkNeighbor {
  return {
    identifier: base.identifier,
    type: added.type === "" ? base.type : added.type,
    dns: base.dns,
    dnsNames: sortedUnion([base.dnsNames, added.dnsNames]),
    ports: mergePorts(base.ports, added.ports),
    podSelector: mergeOptionalSelectors(base.podSelector, added.podSelector),
    namespaceSelector: mergeOptionalSelectors(base.namespaceSelector, added.namespaceSelector),
    ipAddress: added.ipAddress === "" ? base.ipAddress : added.ipAddress,
    ipAddresses: appendNew(base.ipAddresses, added.ipAddresses),
  };
}

function mergePorts(base: readonly NetworkPort[], added: readonly NetworkPort[]): readonly NetworkPort[] {
  if (added.length === 0) return base;
  const ports = new Map(base.map((port) => [port.name, port]));
  for (const port of added) ports.set(port.name, port);
  return [...ports.values()];
}

function mergeOptionalSelectors(base: LabelSelector | null, added: LabelSelector | null): LabelSelector | null {
  if (base === null || added === null) return added ?? base;
  return mergeSelectors(base, added);
}
