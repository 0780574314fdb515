import type { ContainerProfileSpec, ExecCall, HttpEndpoint, NetworkNeighbor, OpenCall } from "@kinglet/profile";

import type { KnownPort } from "./known-port.ts";
import type { PackedSet, PackedStrings } from "./packed-strings.ts";
import type { PackedProfile, PackedTraffic, ProfileContent } from "./profile-content.ts";
import type { TrafficPatterns } from "./profile-patterns.ts";

/**
 * A profile that allows what the content allows: rules get the same answers from both. What no rule can ask for is not in it, and what was
 * recorded about one peer may be spread over several neighbours, whose identifiers are like no recorded one.
 *
 * Cost: linear, and as large as the document was; for the rare case that the document itself is gone.
 *
 * @internal
 */
export function unpackProfile(content: ProfileContent): ContainerProfileSpec {
  const { packed } = content;
  return {
    architectures: [],
    capabilities: textsOf(packed.strings, packed.capabilities),
    execs: unpackExecs(packed),
    opens: unpackOpens(packed),
    syscalls: textsOf(packed.strings, packed.syscalls),
    endpoints: unpackEndpoints(packed),
    imageID: "",
    imageTag: "",
    rulePolicies: packed.policies ?? {},
    identifiedCallStacks: packed.callStacks,
    matchLabels: {},
    matchExpressions: [],
    ingress: unpackTraffic(packed, packed.ingress, packed.patterns?.ingress),
    egress: unpackTraffic(packed, packed.egress, packed.patterns?.egress),
    containers: [],
    initContainers: [],
    ephemeralContainers: [],
  };
}

function textsOf(strings: PackedStrings, set: PackedSet): string[] {
  return Array.from({ length: set.count }, (_, entry) => strings.textOf(set, entry));
}

function unpackExecs({ strings, execs, commands, patterns }: PackedProfile): ExecCall[] {
  const calls: ExecCall[] = [];
  const withArguments = new Set<string>();
  for (const command of textsOf(strings, commands)) {
    const [path = "", ...args] = command.split("\0");
    withArguments.add(path);
    calls.push({ path, args, envs: [], argsRequired: true });
  }
  for (const { path, args, argsRequired } of patterns?.execs ?? []) {
    withArguments.add(path);
    calls.push({ path, args, envs: [], argsRequired });
  }
  for (const [entry, path] of textsOf(strings, execs).entries()) {
    const isAny = strings.valueOf(execs, entry) === 1;
    if (isAny || !withArguments.has(path)) calls.push({ path, args: [], envs: [], argsRequired: !isAny });
  }
  return calls;
}

function unpackOpens({ strings, opens, details, patterns }: PackedProfile): OpenCall[] {
  const calls: OpenCall[] = [];
  for (const [entry, path] of textsOf(strings, opens).entries()) {
    for (const flags of details[strings.valueOf(opens, entry)] ?? []) calls.push({ path, flags });
  }
  for (const [index, path] of patterns?.opens.entries.entries() ?? []) {
    calls.push({ path, flags: patterns?.opens.details[index] ?? [] });
  }
  return calls;
}

function unpackEndpoints({ strings, endpoints, details, patterns }: PackedProfile): HttpEndpoint[] {
  const found: HttpEndpoint[] = [];
  const add = (endpoint: string, methods: readonly string[]): void => {
    found.push({ endpoint, methods, internal: false, direction: "inbound", headers: {} });
  };
  for (const [entry, endpoint] of textsOf(strings, endpoints).entries()) {
    for (const methods of details[strings.valueOf(endpoints, entry)] ?? []) add(endpoint, methods);
  }
  for (const [index, endpoint] of patterns?.endpoints.entries.entries() ?? []) {
    add(endpoint, patterns?.endpoints.details[index] ?? []);
  }
  return found;
}

function unpackTraffic(
  { strings, ports }: PackedProfile,
  { addresses, domains }: PackedTraffic,
  patterns: TrafficPatterns | undefined,
): NetworkNeighbor[] {
  const neighbors: NetworkNeighbor[] = [];
  const add = (
    ipAddress: string,
    dnsNames: readonly string[],
    known: readonly KnownPort[],
    more: Partial<NetworkNeighbor> = {},
  ): void => {
    neighbors.push({
      // No recorded identifier has a NUL.
      identifier: `\0${neighbors.length}`,
      type: "external",
      dns: "",
      dnsNames,
      ports: known.map(({ port, protocol }) => ({ name: `${protocol}-${port}`, protocol, port })),
      podSelector: null,
      namespaceSelector: null,
      ipAddress,
      ipAddresses: [],
      ...more,
    });
  };
  for (const [entry, address] of textsOf(strings, addresses).entries()) {
    for (const known of ports[strings.valueOf(addresses, entry)] ?? []) add(address, [], known);
  }
  for (const [index, address] of patterns?.addresses.entries.entries() ?? []) {
    add(address, [], patterns?.addresses.details[index] ?? []);
  }
  for (const { podSelector, namespaceSelector, ports: known } of patterns?.peers ?? []) {
    add("", [], known, { type: "internal", podSelector, namespaceSelector });
  }
  const names = [...textsOf(strings, domains), ...(patterns?.domains ?? [])];
  if (names.length > 0) add("", names, []);
  return neighbors;
}
