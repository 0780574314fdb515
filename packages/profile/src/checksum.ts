import type { CallStackNode, IdentifiedCallStack } from "./call-stack.ts";
import type { ContainerProfile, ProfileSurfaces } from "./container-profile.ts";
import type { LabelSelector } from "./label-selector.ts";
import type { NetworkNeighbor } from "./network-neighbor.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * Content hash of a profile: equal for two profiles that allow the same, whatever the order in which they list it.
 *
 * Over `spec` only: name, version, labels, status and completion do not count. Sets are sorted and freed of duplicates; argument
 * vectors and header values keep their order where order means something (`execs[].args`).
 *
 * @returns 64 lower-case hex digits (SHA-256).
 *
 * Cost: about one string per entry and a sort of each list; call it when a profile changed, not per event.
 *
 * @public
 */
export function checksum(profile: Pick<ContainerProfile, "spec">): string {
  const { spec } = profile;
  return sha256Hex(
    JSON.stringify([
      set(spec.architectures),
      surfaces(spec),
      selector(spec),
      set(spec.containers.map((item) => encode([item.name, surfaces(item)]))),
      set(spec.initContainers.map((item) => encode([item.name, surfaces(item)]))),
      set(spec.ephemeralContainers.map((item) => encode([item.name, surfaces(item)]))),
    ]),
  );
}

function surfaces(item: ProfileSurfaces): readonly unknown[] {
  return [
    set(item.capabilities),
    set(item.execs.map((exec) => encode([exec.path, exec.args, set(exec.envs), exec.argsRequired]))),
    set(item.opens.map((open) => encode([open.path, set(open.flags)]))),
    set(item.syscalls),
    item.seccompProfile === undefined
      ? null
      : [item.seccompProfile.name, item.seccompProfile.path, sorted(item.seccompProfile.spec)],
    set(
      item.endpoints.map((endpoint) =>
        encode([
          endpoint.endpoint,
          set(endpoint.methods),
          endpoint.internal,
          endpoint.direction,
          set(Object.entries(endpoint.headers).map(([name, values]) => encode([name, set(values)]))),
        ]),
      ),
    ),
    item.imageID,
    item.imageTag,
    set(
      Object.entries(item.rulePolicies).map(([rule, policy]) =>
        encode([rule, set(policy.processAllowed), policy.containerAllowed]),
      ),
    ),
    set(item.identifiedCallStacks.map(callStack)),
    set(item.ingress.map(neighbor)),
    set(item.egress.map(neighbor)),
  ];
}

function callStack(item: IdentifiedCallStack): string {
  return encode([item.callID, node(item.callStack.root)]);
}

function node(item: CallStackNode): string {
  return encode([item.frame.fileID, item.frame.lineno, item.frame.frameType, set(item.children.map(node))]);
}

function neighbor(item: NetworkNeighbor): string {
  return encode([
    item.identifier,
    item.type,
    item.dns,
    set(item.dnsNames),
    set(item.ports.map((port) => encode([port.name, port.protocol, port.port]))),
    item.podSelector === null ? null : selector(item.podSelector),
    item.namespaceSelector === null ? null : selector(item.namespaceSelector),
    item.ipAddress,
    set(item.ipAddresses),
  ]);
}

function selector(item: LabelSelector): readonly unknown[] {
  return [
    set(Object.entries(item.matchLabels).map(encode)),
    set(
      item.matchExpressions.map((requirement) =>
        encode([requirement.key, requirement.operator, set(requirement.values)]),
      ),
    ),
  ];
}

/** Sorted by UTF-16 code units, so that the result does not depend on a locale. */
function set(items: readonly string[]): readonly string[] {
  return items.length < 2 ? items : [...new Set(items)].sort();
}

function encode(item: readonly unknown[]): string {
  return JSON.stringify(item);
}

/** The same JSON value with the members of every object in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([name, member]) => [name, sorted(member)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
