import { hasCode } from "@kinglet/errors";
import type { KubeClient, Projection, ResourceDefinition } from "@kinglet/kube-client";
import type { Logger } from "@kinglet/logger";
import type { MetricDefinition, Metrics } from "@kinglet/metrics";
import type { ProfileSurface } from "@kinglet/profile";

/** What {@link tetragonSurfaces} works with. @internal */
export interface TetragonSurfacesOptions {
  /** Which policies of `deploy/tetragon` are loaded, without `kinglet-`; `auto` alone: asked of the API. */
  readonly policies: readonly string[];
  readonly client: Pick<KubeClient, "list">;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Without a word about it: what is told to be loaded, but for the two that are expensive. */
const assumed: readonly string[] = ["capabilities", "files", "names", "network"];

/** What the events of a policy are about. */
const surfacesByPolicy: ReadonlyMap<string, readonly ProfileSurface[]> = new Map([
  ["callers", ["ingressAddresses", "ingressDomains"]],
  ["capabilities", ["capabilities"]],
  ["files", ["opens"]],
  ["names", ["egressDomains"]],
  ["network", ["egressAddresses"]],
  ["syscalls", ["syscalls"]],
]);

const tracingPolicies: ResourceDefinition = {
  group: "cilium.io",
  version: "v1alpha1",
  plural: "tracingpolicies",
  kind: "TracingPolicy",
  namespaced: false,
};

interface TracingPolicy {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly podSelector?: object; readonly containerSelector?: object };
}

/** The fields of {@link TracingPolicy}. */
const projection: Projection = {
  paths: ["metadata.deletionTimestamp", "spec.podSelector", "spec.containerSelector"],
};

const prefix = "kinglet-";
const timeoutMs = 3_000;

const assumedSurfaces: MetricDefinition = {
  type: "gauge",
  name: "kinglet_sensor_assumed_surfaces",
  help: "Parts of profiles that count as looked at although nobody could tell whether Tetragon has the policy for them; see --tetragon-policies.",
};

/**
 * What Tetragon looks at, so that a list of a profile that stays empty means that nothing happened: executions, and what the loaded ones of the
 * policies of `deploy/tetragon` are about. Policies of other names, and ones for some pods only, count from their first event on.
 *
 * Guarantees: one request, not repeated, none when the setting names the policies; never rejects. Where the API does not answer, has no such
 * kind or does not let the sensor list it, the four policies that are no burden are assumed, which a warning and a metric say: otherwise the
 * first connection of a container that never made one would pass in silence on a quiet node.
 *
 * @internal
 */
export async function tetragonSurfaces(options: TetragonSurfacesOptions): Promise<readonly ProfileSurface[]> {
  const { policies, logger, metrics } = options;
  const isAsked = policies.includes("auto");
  const known = isAsked ? await listPolicies(options) : policies;
  const surfaces = new Set<ProfileSurface>(["execs"]);
  for (const policy of known ?? assumed) for (const one of surfacesByPolicy.get(policy) ?? []) surfaces.add(one);
  const by = known === undefined ? "assumption" : isAsked ? "TracingPolicies" : "setting";
  logger.info("what Tetragon looks at is known", { by, surfaces: [...surfaces].toSorted() });
  metrics.gauge(assumedSurfaces).set(known === undefined ? surfaces.size - 1 : 0);
  return [...surfaces];
}

/** @returns undefined when they cannot be told. */
async function listPolicies({ client, logger }: TetragonSurfacesOptions): Promise<readonly string[] | undefined> {
  try {
    const { items } = await client.list<TracingPolicy>(tracingPolicies, { projection, timeoutMs, retries: 0 });
    return items.filter(isForAll).map(({ metadata }) => metadata.name.slice(prefix.length));
  } catch (error) {
    // Agents that take their policies from files have no such kind.
    const isUnknown = hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND");
    const message =
      "which TracingPolicies are loaded is not known: those of deploy/tetragon are assumed; see --tetragon-policies";
    logger.warn(message, isUnknown ? { reason: "the API has no TracingPolicies" } : { error });
    return undefined;
  }
}

function isForAll({ metadata, spec = {} }: TracingPolicy): boolean {
  const isOurs = metadata.name.startsWith(prefix) && metadata.deletionTimestamp === undefined;
  return isOurs && isEmpty(spec.podSelector) && isEmpty(spec.containerSelector);
}

function isEmpty(selector: object | undefined): boolean {
  return selector === undefined || Object.keys(selector).length === 0;
}
