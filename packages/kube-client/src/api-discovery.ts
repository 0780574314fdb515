import { hasCode } from "@kinglet/errors";
import { SingleFlight, systemClock, type Clock } from "@kinglet/lifecycle";
import type { KubeClient } from "./kube-client.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** A resource as the server describes it. @public */
export interface DiscoveredResource extends ResourceDefinition {
  readonly singular: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Names like `status`, `scale`. */
  readonly subresources: readonly string[];
  /** The server could not reach the API behind the group and shows what it knew last. */
  readonly isStale: boolean;
}

/** Which resource is meant; what is left out matches anything. @public */
export interface ResourceQuery {
  /** `""` is the core group. */
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly plural?: string;
}

/** @public */
export interface ApiDiscovery {
  /**
   * The resource of a kind or plural, in the version that the server prefers. Asks the server again when it is not known yet, at most every 10 s, and
   * when the group was stale.
   *
   * @returns undefined when the server does not serve it.
   */
  find(query: ResourceQuery, options?: { readonly signal?: AbortSignal }): Promise<DiscoveredResource | undefined>;
  /** Everything the server serves, preferred versions first. */
  all(options?: { readonly signal?: AbortSignal }): Promise<readonly DiscoveredResource[]>;
  /** Forgets what is known: call it when a CustomResourceDefinition has changed. */
  invalidate(): void;
}

const ACCEPT =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
  "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
const ASK_AGAIN_MS = 10_000;
/** Far more than any cluster has. */
const MAX_RESOURCES = 20_000;

/**
 * Finds out where kinds live: two requests where the server can (1.27 and newer), else one per group and version.
 *
 * Nothing is asked before the first call, and several callers share one answer. Plurals are the server's, never guessed.
 *
 * Cost: keeps a few strings per resource (about 150 in a fresh cluster); not for parts that know their kinds beforehand.
 *
 * @public
 */
export function createApiDiscovery(
  client: Pick<KubeClient, "request">,
  options: { readonly clock?: Clock } = {},
): ApiDiscovery {
  const { clock = systemClock } = options;
  const flights = new SingleFlight<readonly DiscoveredResource[]>();
  let known: readonly DiscoveredResource[] | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  const ask = (signal: AbortSignal | undefined): Promise<readonly DiscoveredResource[]> =>
    flights.run(
      "all",
      async (own) => {
        const found = await readAll(client, own);
        known = found;
        askedMs = clock.monotonicMs();
        return found;
      },
      signal === undefined ? {} : { signal },
    );
  const all = async (signal: AbortSignal | undefined): Promise<readonly DiscoveredResource[]> => known ?? ask(signal);
  return {
    find: async (query, { signal } = {}) => {
      const found = match(await all(signal), query);
      const mayAskAgain = clock.monotonicMs() - askedMs >= ASK_AGAIN_MS;
      if ((found !== undefined && !found.isStale) || !mayAskAgain) return found;
      return match(await ask(signal), query);
    },
    all: ({ signal } = {}) => all(signal),
    invalidate: () => {
      known = undefined;
    },
  };
}

function match(resources: readonly DiscoveredResource[], query: ResourceQuery): DiscoveredResource | undefined {
  return resources.find(
    ({ group, version, kind, plural }) =>
      (query.group ?? group) === group &&
      (query.version ?? version) === version &&
      (query.kind ?? kind) === kind &&
      (query.plural ?? plural) === plural,
  );
}

async function readAll(
  client: Pick<KubeClient, "request">,
  signal: AbortSignal,
): Promise<readonly DiscoveredResource[]> {
  const [core, groups] = await Promise.all(["/api", "/apis"].map((path) => get(client, path, signal)));
  const found = [...(await readRoot(client, core, signal)), ...(await readRoot(client, groups, signal))];
  return found.slice(0, MAX_RESOURCES);
}

async function readRoot(
  client: Pick<KubeClient, "request">,
  root: unknown,
  signal: AbortSignal,
): Promise<readonly DiscoveredResource[]> {
  if (textOf(root, "kind") === "APIGroupDiscoveryList") return listOf(root, "items").flatMap(readAggregatedGroup);
  const isCore = textOf(root, "kind") === "APIVersions";
  const paths = isCore
    ? listOf(root, "versions").map((version) => ({ group: "", version: String(version) }))
    : listOf(root, "groups").flatMap((group) =>
        preferredFirst(group).map((version) => ({ group: textOf(group, "name"), version })),
      );
  const found: DiscoveredResource[] = [];
  for (const { group, version } of paths) {
    const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    try {
      found.push(...readLegacyList(await get(client, path, signal), group, version));
    } catch (error) {
      // One API behind the server that does not answer must not hide all others.
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_SERVER") && !hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND"))
        throw error;
    }
  }
  return found;
}

function get(client: Pick<KubeClient, "request">, path: string, signal: AbortSignal): Promise<unknown> {
  return client.request({ method: "GET", path, accept: ACCEPT, signal });
}

function readAggregatedGroup(item: unknown): DiscoveredResource[] {
  const group = textOf(memberOf(item, "metadata"), "name");
  return listOf(item, "versions").flatMap((entry) => {
    const version = textOf(entry, "version");
    const isStale = textOf(entry, "freshness") === "Stale";
    return listOf(entry, "resources").map((resource) => ({
      group,
      version,
      plural: textOf(resource, "resource"),
      kind: textOf(memberOf(resource, "responseKind"), "kind"),
      namespaced: textOf(resource, "scope") === "Namespaced",
      singular: textOf(resource, "singularResource"),
      verbs: textsOf(resource, "verbs"),
      shortNames: textsOf(resource, "shortNames"),
      categories: textsOf(resource, "categories"),
      subresources: listOf(resource, "subresources").map((one) => textOf(one, "subresource")),
      isStale,
    }));
  });
}

function readLegacyList(list: unknown, group: string, version: string): DiscoveredResource[] {
  const rows = listOf(list, "resources");
  const subresources = new Map<string, string[]>();
  for (const row of rows) {
    const [plural = "", subresource] = textOf(row, "name").split("/");
    if (subresource !== undefined) subresources.set(plural, [...(subresources.get(plural) ?? []), subresource]);
  }
  return rows
    .filter((row) => !textOf(row, "name").includes("/"))
    .map((row) => ({
      group,
      version,
      plural: textOf(row, "name"),
      kind: textOf(row, "kind"),
      namespaced: memberOf(row, "namespaced") === true,
      singular: textOf(row, "singularName"),
      verbs: textsOf(row, "verbs"),
      shortNames: textsOf(row, "shortNames"),
      categories: textsOf(row, "categories"),
      subresources: subresources.get(textOf(row, "name")) ?? [],
      isStale: false,
    }));
}

function preferredFirst(group: unknown): string[] {
  const preferred = textOf(memberOf(group, "preferredVersion"), "version");
  const others = listOf(group, "versions").map((version) => textOf(version, "version"));
  return [preferred, ...others.filter((version) => version !== preferred)].filter((version) => version !== "");
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function textOf(value: unknown, name: string): string {
  const member = memberOf(value, name);
  return typeof member === "string" ? member : "";
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const member = memberOf(value, name);
  return Array.isArray(member) ? (member as readonly unknown[]) : [];
}

function textsOf(value: unknown, name: string): readonly string[] {
  return listOf(value, name).filter((one) => typeof one === "string");
}
