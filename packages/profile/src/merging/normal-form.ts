import { canonicalText } from "../canonical-text.ts";
import type {
  ContainerProfileSpec,
  ExecCall,
  NamedProfileSurfaces,
  ProfileSurfaces,
  RulePolicy,
  SeccompProfile,
} from "../container-profile.ts";
import type { NetworkNeighbor, NetworkPort } from "../network-neighbor.ts";
import type { LabelSelectorRequirement } from "../label-selector.ts";
import type { CollapseConfiguration } from "./collapse-configuration.ts";
import { collapseEndpoints, collapseOpens } from "./collapse-paths.ts";
import { ListPool } from "./list-pool.ts";
import { uniteBy } from "./unions.ts";

/** How a normal form is made. @internal */
export interface NormalFormOptions {
  readonly configuration: CollapseConfiguration;
  readonly keepPaths: ReadonlySet<string> | undefined;
}

/**
 * The union of specs, collapsed: every set without duplicates and in one order, so that equal content is equal value for value.
 *
 * Where both sides cannot hold (a label with two values, two image ids, two seccomp profiles) the greater one by UTF-16 code units
 * is taken, which does not depend on the order either.
 *
 * @internal
 */
export function uniteSpecs(specs: readonly ContainerProfileSpec[], options: NormalFormOptions): ContainerProfileSpec {
  const pool = new ListPool();
  return {
    architectures: pool.union(specs.map((spec) => spec.architectures)),
    ...uniteSurfaces(specs, options, pool),
    matchLabels: greatestOf(specs.map((spec) => spec.matchLabels)),
    matchExpressions: uniteRequirements(
      specs.flatMap((spec) => spec.matchExpressions),
      pool,
    ),
    containers: uniteSections(
      specs.flatMap((spec) => spec.containers),
      options,
      pool,
    ),
    initContainers: uniteSections(
      specs.flatMap((spec) => spec.initContainers),
      options,
      pool,
    ),
    ephemeralContainers: uniteSections(
      specs.flatMap((spec) => spec.ephemeralContainers),
      options,
      pool,
    ),
  };
}

/** For each name the greatest text that any of the records has, names sorted. @internal */
export function greatestOf(records: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> {
  const greatest = new Map<string, string>();
  for (const record of records) {
    for (const [name, text] of Object.entries(record)) {
      const known = greatest.get(name);
      if (known === undefined || known < text) greatest.set(name, text);
    }
  }
  return Object.fromEntries([...greatest].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function uniteSections(
  sections: readonly NamedProfileSurfaces[],
  options: NormalFormOptions,
  pool: ListPool,
): readonly NamedProfileSurfaces[] {
  const byName = new Map<string, NamedProfileSurfaces[]>();
  for (const section of sections) {
    const known = byName.get(section.name);
    if (known === undefined) byName.set(section.name, [section]);
    else known.push(section);
  }
  return [...byName]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, group]) => Object.assign({ name }, uniteSurfaces(group, options, pool)));
}

function uniteSurfaces(
  items: readonly ProfileSurfaces[],
  { configuration, keepPaths }: NormalFormOptions,
  pool: ListPool,
): ProfileSurfaces {
  const seccompProfile = greatestSeccomp(items);
  return {
    capabilities: pool.union(items.map((item) => item.capabilities)),
    execs: uniteExecs(
      items.flatMap((item) => item.execs),
      pool,
    ),
    opens: collapseOpens(
      items.flatMap((item) => item.opens),
      configuration,
      keepPaths,
      pool,
    ),
    syscalls: pool.union(items.map((item) => item.syscalls)),
    ...(seccompProfile === undefined ? undefined : { seccompProfile }),
    endpoints: collapseEndpoints(
      items.flatMap((item) => item.endpoints),
      configuration,
      pool,
    ),
    imageID: greatestText(items.map((item) => item.imageID)),
    imageTag: greatestText(items.map((item) => item.imageTag)),
    rulePolicies: unitePolicies(
      items.map((item) => item.rulePolicies),
      pool,
    ),
    identifiedCallStacks: uniteBy(
      items.flatMap((item) => item.identifiedCallStacks),
      canonicalText,
      ([first]) => first!,
    ),
    ingress: uniteNeighbors(
      items.flatMap((item) => item.ingress),
      pool,
    ),
    egress: uniteNeighbors(
      items.flatMap((item) => item.egress),
      pool,
    ),
  };
}

function uniteExecs(execs: readonly ExecCall[], pool: ListPool): readonly ExecCall[] {
  return uniteBy(
    execs,
    (exec) => JSON.stringify([exec.path, exec.args, exec.argsRequired]),
    (group) => {
      const first = group[0]!;
      // Most are alone and name no variables: what is there does for them.
      if (group.length === 1 && first.envs.length === 0) return first;
      return { ...first, envs: pool.union(group.map((exec) => exec.envs)) };
    },
  );
}

function unitePolicies(
  records: readonly Readonly<Record<string, RulePolicy>>[],
  pool: ListPool,
): Readonly<Record<string, RulePolicy>> {
  const entries = uniteBy(
    records.flatMap((record) => Object.entries(record)),
    ([rule]) => rule,
    (group): [string, RulePolicy] => [
      group[0]![0],
      {
        processAllowed: pool.union(group.map(([, policy]) => policy.processAllowed)),
        containerAllowed: group.some(([, policy]) => policy.containerAllowed),
      },
    ],
  );
  return Object.fromEntries(entries);
}

function uniteNeighbors(neighbors: readonly NetworkNeighbor[], pool: ListPool): readonly NetworkNeighbor[] {
  return uniteBy(
    neighbors,
    // Everything that can have one value only tells peers apart, whatever their identifiers say.
    (item) =>
      canonicalText([item.identifier, item.type, item.dns, item.ipAddress, item.podSelector, item.namespaceSelector]),
    (group) => ({
      ...group[0]!,
      dnsNames: pool.union(group.map((item) => item.dnsNames)),
      ports: unitePorts(group.flatMap((item) => item.ports)),
      ipAddresses: pool.union(group.map((item) => item.ipAddresses)),
    }),
  );
}

function unitePorts(ports: readonly NetworkPort[]): readonly NetworkPort[] {
  return uniteBy(
    ports,
    (port) => JSON.stringify([port.name, port.protocol, port.port]),
    ([first]) => first!,
  );
}

function uniteRequirements(
  requirements: readonly LabelSelectorRequirement[],
  pool: ListPool,
): readonly LabelSelectorRequirement[] {
  return uniteBy(
    requirements.map((item) => ({ ...item, values: pool.union([item.values]) })),
    (item) => JSON.stringify([item.key, item.operator, item.values]),
    ([first]) => first!,
  );
}

function greatestSeccomp(items: readonly ProfileSurfaces[]): SeccompProfile | undefined {
  let greatest: SeccompProfile | undefined;
  let greatestText = "";
  for (const { seccompProfile } of items) {
    if (seccompProfile === undefined) continue;
    const text = canonicalText(seccompProfile);
    if (greatest === undefined || text > greatestText) {
      greatest = seccompProfile;
      greatestText = text;
    }
  }
  return greatest;
}

function greatestText(texts: readonly string[]): string {
  return texts.reduce((greatest, text) => (text > greatest ? text : greatest), "");
}
