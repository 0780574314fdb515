import type { ContainerProfileSpec, ExecCall, NetworkNeighbor, ProfileSurface } from "@kinglet/profile";

import { joinParts, PackedStringsBuilder, type PackedSet } from "./packed-strings.ts";
import type { KnownPort } from "./known-port.ts";
import { ProfileContent, type PackedTraffic } from "./profile-content.ts";
import { ProfilePatterns, type PeerPattern, type TrafficPatterns } from "./profile-patterns.ts";
import type { ProjectionSpec, SurfaceFilter } from "./projection-spec.ts";

/** IPv4 in its one common spelling; everything else has several, or is a block. */
const PLAIN_ADDRESS = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
/** Port 0 in a recorded endpoint stands for any. */
const ANY_PORT = /:0(?:\/|$)/;
/** A name with such a character is written anew; outside ASCII there may be others. */
const UPPER_CASE = /[^\0-@[-\x7f]/;
const SLASH = 47;
const NO_PARTS: readonly never[] = [];

/**
 * Makes the form of a profile that rules ask. What no rule can ask for is dropped, together with everything that is about the
 * profile's making (images, seccomp, environments); flags, methods, arguments, ports and protocols of the kept entries stay.
 *
 * Wildcard entries of paths are kept whatever the filter says: they may match a path that the filter lets through.
 *
 * Cost: linear; see the README.
 *
 * @param checksum - of the whole profile.
 *
 * @internal
 */
export function projectProfile(
  spec: ContainerProfileSpec,
  checksum: string,
  projection: ProjectionSpec,
): ProfileContent {
  const builder = new PackedStringsBuilder();
  const patterns = new ProfilePatterns();
  const details = new DetailTable<string>(textsKey);
  const ports = new DetailTable<KnownPort>(portsKey);
  const keep = (surface: ProfileSurface): ((text: string) => boolean) | undefined =>
    filterFunction(projection.surfaces[surface]);
  const { execs, commands } = packExecs(spec.execs, builder, patterns, keep("execs"));
  const opens = packDetailed(spec.opens, "path", "flags", patterns.opens, { builder, details, keep: keep("opens") });
  const endpoints = packDetailed(spec.endpoints, "endpoint", "methods", patterns.endpoints, {
    builder,
    details,
    keep: keep("endpoints"),
  });
  const syscalls = packNames(spec.syscalls, builder, keep("syscalls"));
  const capabilities = packNames(spec.capabilities, builder, keep("capabilities"));
  const ingress = packTraffic(
    spec.ingress,
    { builder, ports },
    patterns.ingress,
    {
      address: keep("ingressAddresses"),
      domain: keep("ingressDomains"),
    },
    false,
  );
  const egress = packTraffic(
    spec.egress,
    { builder, ports },
    patterns.egress,
    {
      address: keep("egressAddresses"),
      domain: keep("egressDomains"),
    },
    true,
  );
  return new ProfileContent(checksum, projection.hash, {
    strings: builder.finish(),
    execs,
    commands,
    opens,
    endpoints,
    syscalls,
    capabilities,
    ingress,
    egress,
    details: details.lists,
    ports: ports.lists,
    patterns: patterns.size === 0 ? undefined : patterns,
    policies: Object.keys(spec.rulePolicies).length === 0 ? undefined : spec.rulePolicies,
    callStacks: spec.identifiedCallStacks.length === 0 ? NO_PARTS : spec.identifiedCallStacks,
  });
}

/**
 * True for a path without wildcard (`*`, or `\u22ef`, which is outside Latin-1), without NUL, which separates the parts of a command, and
 * without a slash at its end, which does not count. As of the builder's last scan, which was of this text.
 */
function isLiteral(text: string, { isWide, hasStar, hasNul }: PackedStringsBuilder): boolean {
  return !isWide && !hasStar && !hasNul && (text.length < 2 || text.charCodeAt(text.length - 1) !== SLASH);
}

type Keep = ((text: string) => boolean) | undefined;

/** Which texts a filter lets through; undefined: all. */
function filterFunction(filter: SurfaceFilter | undefined): Keep {
  if (filter === undefined || filter.all) return undefined;
  const { prefix, suffix, contains } = filter;
  const exact = new Set(filter.exact);
  return (text) =>
    exact.has(text) ||
    prefix.some((one) => text.startsWith(one)) ||
    suffix.some((one) => text.endsWith(one)) ||
    contains.some((one) => text.includes(one));
}

/** Lists that many entries have in common, each once; a group is the lists of equal entries. */
class DetailTable<Detail> {
  readonly lists: (readonly (readonly Detail[])[])[] = [];
  readonly #byList = new Map<readonly Detail[], number>();
  readonly #byText = new Map<string, number>();
  readonly #keyOf: (list: readonly Detail[]) => string;

  /** @param keyOf - equal for equal lists, and without a line feed. */
  constructor(keyOf: (list: readonly Detail[]) => string) {
    this.#keyOf = keyOf;
  }

  /** Index of a group that holds this one list. */
  indexOf(list: readonly Detail[]): number {
    // Parsed documents share equal lists, so that most are found by identity.
    const known = this.#byList.get(list);
    if (known !== undefined) return known;
    const index = this.#indexOfGroup([list]);
    this.#byList.set(list, index);
    return index;
  }

  /** Index of the group that holds the lists of both. */
  merge(left: number, right: number): number {
    if (left === right) return left;
    return this.#indexOfGroup([...(this.lists[left] ?? []), ...(this.lists[right] ?? [])]);
  }

  #indexOfGroup(group: readonly (readonly Detail[])[]): number {
    const key = group.length === 1 ? this.#keyOf(group[0]!) : group.map(this.#keyOf).join("\n");
    let index = this.#byText.get(key);
    if (index === undefined) {
      index = this.lists.push(group) - 1;
      this.#byText.set(key, index);
    }
    return index;
  }
}

/** A list of one is the usual case. */
function textsKey(list: readonly string[]): string {
  return list.length === 1 && !list[0]!.includes('"') ? list[0]! : JSON.stringify(list);
}

function portsKey(list: readonly KnownPort[]): string {
  const [first] = list;
  return list.length === 1 && first !== undefined && !/[[\n]/.test(first.protocol)
    ? `${first.port}/${first.protocol}`
    : JSON.stringify(list.map(({ port, protocol }) => [port, protocol]));
}

/** Names are compared as they are. */
function packNames(items: readonly string[], builder: PackedStringsBuilder, keep: Keep): PackedSet {
  const strings: string[] = [];
  const hashes: number[] = [];
  for (const item of items) {
    if (keep?.(item) === false) continue;
    strings.push(item);
    hashes.push(builder.scan(item));
  }
  return builder.addSet({ strings, hashes });
}

function packExecs(
  items: readonly ExecCall[],
  builder: PackedStringsBuilder,
  patterns: ProfilePatterns,
  keep: Keep,
): { readonly execs: PackedSet; readonly commands: PackedSet } {
  const paths: string[] = [];
  const pathHashes: number[] = [];
  const anyArguments: number[] = [];
  const commands: string[] = [];
  const commandHashes: number[] = [];
  for (const { path, args, argsRequired } of items) {
    const hash = builder.scan(path);
    if (!isLiteral(path, builder)) {
      patterns.execs.push({ path, args, argsRequired });
      continue;
    }
    if (keep?.(path) === false) continue;
    const allowsAny = args.length === 0 && !argsRequired;
    paths.push(path);
    pathHashes.push(hash);
    anyArguments.push(allowsAny ? 1 : 0);
    if (allowsAny) continue;
    const commandHash = hashCommand(hash, args, builder);
    if (commandHash === undefined) patterns.execs.push({ path, args, argsRequired: true });
    else {
      commands.push(joinParts(path, args));
      commandHashes.push(commandHash);
    }
  }
  return {
    execs: builder.addSet({ strings: paths, hashes: pathHashes, values: anyArguments, merge: Math.max }),
    commands: builder.addSet({ strings: commands, hashes: commandHashes }),
  };
}

/** The hash of a path with its arguments; undefined when an argument cannot be packed. In an argument a star is a star. */
function hashCommand(path: number, args: readonly string[], builder: PackedStringsBuilder): number | undefined {
  let hash = path;
  for (const arg of args) {
    hash = builder.scanPart(hash, arg);
    if (builder.isWide || builder.hasNul) return undefined;
  }
  return hash;
}

interface PackContext {
  readonly builder: PackedStringsBuilder;
  readonly details: DetailTable<string>;
  readonly keep: Keep;
}

function packDetailed<Name extends string, Detail extends string>(
  items: readonly (Readonly<Record<Name, string>> & Readonly<Record<Detail, readonly string[]>>)[],
  name: Name,
  detail: Detail,
  wild: ProfilePatterns["opens"],
  context: PackContext,
): PackedSet {
  const { builder, details, keep } = context;
  const texts: string[] = [];
  const hashes: number[] = [];
  const values: number[] = [];
  for (const item of items) {
    const text = item[name];
    const hash = builder.scan(text);
    if (!isLiteral(text, builder) || (name === "endpoint" && ANY_PORT.test(text))) {
      wild.add(text, item[detail]);
    } else if (keep?.(text) !== false) {
      texts.push(text);
      hashes.push(hash);
      values.push(details.indexOf(item[detail]));
    }
  }
  return builder.addSet({ strings: texts, hashes, values, merge: (kept, other) => details.merge(kept, other) });
}

function packTraffic(
  neighbors: readonly NetworkNeighbor[],
  { builder, ports }: { readonly builder: PackedStringsBuilder; readonly ports: DetailTable<KnownPort> },
  wild: TrafficPatterns,
  keep: { readonly address: Keep; readonly domain: Keep },
  wantsSingleName: boolean,
): PackedTraffic {
  const addresses: string[] = [];
  const addressHashes: number[] = [];
  const values: number[] = [];
  const domains: string[] = [];
  const domainHashes: number[] = [];
  const addAddress = (address: string, { ports: known }: NetworkNeighbor): void => {
    if (!PLAIN_ADDRESS.test(address)) wild.addresses.add(address, known);
    else if (keep.address?.(address) !== false) {
      addresses.push(address);
      addressHashes.push(builder.scan(address));
      values.push(ports.indexOf(known));
    }
  };
  const addDomain = (name: string): void => {
    // Upper and lower case are the same, and so is a dot at the end.
    const bare = name.endsWith(".") ? name.slice(0, -1) : name;
    const lower = UPPER_CASE.test(bare) ? bare.toLowerCase() : bare;
    const hash = builder.scan(lower);
    if (!isLiteral(name, builder)) wild.domains.push(name);
    else if (keep.domain?.(name) !== false) {
      domains.push(lower);
      domainHashes.push(hash);
    }
  };
  for (const neighbor of neighbors) {
    if (isToldByLabels(neighbor)) wild.peers.push(peerPatternOf(neighbor));
    if (neighbor.ipAddress !== "") addAddress(neighbor.ipAddress, neighbor);
    for (const address of neighbor.ipAddresses) addAddress(address, neighbor);
    // Of ingress the superseded single name never counted.
    if (wantsSingleName && neighbor.dns !== "") addDomain(neighbor.dns);
    for (const name of neighbor.dnsNames) addDomain(name);
  }
  return {
    addresses: builder.addSet({
      strings: addresses,
      hashes: addressHashes,
      values,
      merge: (kept, other) => ports.merge(kept, other),
    }),
    domains: builder.addSet({ strings: domains, hashes: domainHashes }),
  };
}

/** An entry for somebody outside the cluster has no labels to go by, even where it was written with empty selectors. */
function isToldByLabels({ type, podSelector, namespaceSelector }: NetworkNeighbor): boolean {
  return type !== "external" && (podSelector !== null || namespaceSelector !== null);
}

function peerPatternOf({ podSelector, namespaceSelector, ports }: NetworkNeighbor): PeerPattern {
  return { podSelector, namespaceSelector, ports };
}
