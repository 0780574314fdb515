import type { ContainerProfileSpec, ExecCall, NetworkNeighbor } from "@kinglet/profile";

import { joinParts, PackedStringsBuilder, type PackedSet } from "./packed-strings.ts";
import type { KnownPort } from "./known-port.ts";
import { ProfileContent, type PackedTraffic } from "./profile-content.ts";
import { ProfilePatterns, type TrafficPatterns } from "./profile-patterns.ts";
import type { ProfileSurface, ProjectionSpec, SurfaceFilter } from "./projection-spec.ts";

/** IPv4 in its one common spelling; everything else has several, or is a block. */
const PLAIN_ADDRESS = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
/** Port 0 in a recorded endpoint stands for any. */
const ANY_PORT = /:0(?:\/|$)/;
const SLASH = 47;
const LAST_LATIN = 0xff;
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
  const syscalls = builder.addSet(plain(spec.syscalls, keep("syscalls")));
  const capabilities = builder.addSet(plain(spec.capabilities, keep("capabilities")));
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
 * True for a text without wildcard (`*`, or `\u22ef`, which is outside Latin-1), without NUL, which separates the parts of a command, and
 * without a slash at its end, which does not count.
 */
function isLiteralPath(text: string): boolean {
  return isLatin(text) && isLiteralLatin(text);
}

/** The part of it that is left to ask of Latin-1. */
function isLiteralLatin(text: string): boolean {
  return !text.includes("*") && !text.includes("\0") && (text.length < 2 || text.charCodeAt(text.length - 1) !== SLASH);
}

/** True for a text of Latin-1 without NUL; a star is a star. */
function isLatin(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 0 || unit > LAST_LATIN) return false;
  }
  return true;
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
  return list.length === 1 && first !== undefined && isLatin(first.protocol) && !first.protocol.includes("[")
    ? `${first.port}/${first.protocol}`
    : JSON.stringify(list.map(({ port, protocol }) => [port, protocol]));
}

function plain(items: readonly string[], keep: Keep): readonly string[] {
  return keep === undefined ? items : items.filter(keep);
}

function packExecs(
  items: readonly ExecCall[],
  builder: PackedStringsBuilder,
  patterns: ProfilePatterns,
  keep: Keep,
): { readonly execs: PackedSet; readonly commands: PackedSet } {
  const paths: string[] = [];
  const anyArguments: number[] = [];
  const commands: string[] = [];
  for (const { path, args, argsRequired } of items) {
    const allowsAny = args.length === 0 && !argsRequired;
    if (!isLiteralPath(path)) {
      patterns.execs.push({ path, args, argsRequired });
      continue;
    }
    if (keep?.(path) === false) continue;
    paths.push(path);
    anyArguments.push(allowsAny ? 1 : 0);
    if (allowsAny) continue;
    if (!args.every(isLatin)) {
      patterns.execs.push({ path, args, argsRequired: true });
    } else commands.push(joinParts(path, args));
  }
  return { execs: builder.addSet(paths, anyArguments, Math.max), commands: builder.addSet(commands) };
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
    const hash = builder.hash(text);
    if (builder.unitBits > LAST_LATIN || !isLiteralLatin(text) || (name === "endpoint" && ANY_PORT.test(text))) {
      wild.add(text, item[detail]);
    } else if (keep?.(text) !== false) {
      texts.push(text);
      hashes.push(hash);
      values.push(details.indexOf(item[detail]));
    }
  }
  return builder.addSet(texts, values, (kept, other) => details.merge(kept, other), hashes);
}

function packTraffic(
  neighbors: readonly NetworkNeighbor[],
  { builder, ports }: { readonly builder: PackedStringsBuilder; readonly ports: DetailTable<KnownPort> },
  wild: TrafficPatterns,
  keep: { readonly address: Keep; readonly domain: Keep },
  wantsSingleName: boolean,
): PackedTraffic {
  const addresses: string[] = [];
  const values: number[] = [];
  const domains: string[] = [];
  for (const neighbor of neighbors) {
    const blocks: string[] = [];
    if (neighbor.ipAddress !== "") blocks.push(neighbor.ipAddress);
    for (const address of neighbor.ipAddresses) blocks.push(address);
    for (const address of blocks) {
      if (!PLAIN_ADDRESS.test(address)) {
        wild.addresses.add(address, neighbor.ports);
        continue;
      }
      if (keep.address?.(address) === false) continue;
      addresses.push(address);
      values.push(ports.indexOf(neighbor.ports));
    }
    // Of ingress the superseded single name never counted.
    if (wantsSingleName && neighbor.dns !== "") addDomain(neighbor.dns, domains, wild, keep.domain);
    for (const name of neighbor.dnsNames) addDomain(name, domains, wild, keep.domain);
  }
  return {
    addresses: builder.addSet(addresses, values, (kept, other) => ports.merge(kept, other)),
    domains: builder.addSet(domains),
  };
}

function addDomain(name: string, domains: string[], wild: TrafficPatterns, keep: Keep): void {
  if (!isLiteralPath(name)) wild.domains.push(name);
  else if (keep === undefined || keep(name)) {
    const lower = name.toLowerCase();
    domains.push(lower.endsWith(".") ? lower.slice(0, -1) : lower);
  }
}
