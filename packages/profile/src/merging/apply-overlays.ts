import { APPLICATION_PROFILE_KIND, type ApplicationProfile } from "../application-profile.ts";
import type { ContainerProfile, ContainerProfileSpec, RulePolicy } from "../container-profile.ts";
import type { NetworkNeighborhood } from "../network-neighborhood.ts";
import { mergeNeighbors, mergeSelectors } from "./merge-neighbors.ts";
import { appendNew, appendNewItems, sortedUnion } from "./unions.ts";

/** One overlay; `kind` tells which. @public */
export type ProfileOverlay = ApplicationProfile | NetworkNeighborhood;

/** Names of the containers of a pod, as its spec lists them. @public */
export interface PodContainerNames {
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
  readonly ephemeralContainers: readonly string[];
}

/** An overlay that says nothing about some containers of the pod. @public */
export interface OverlayWarning {
  readonly kind: "application" | "network";
  readonly namespace: string;
  readonly name: string;
  /** `""` when the overlay has none. */
  readonly resourceVersion: string;
  /** Names of the containers, in the order of the pod: containers, init containers, ephemeral containers. */
  readonly missing: readonly string[];
}

/** Options of {@link applyOverlays}. @public */
export interface OverlayOptions {
  /** The container that the base is about. */
  readonly containerName: string;
  /** Without it there are no warnings. */
  readonly pod?: PodContainerNames | undefined;
}

/**
 * Widens a profile by what users wrote.
 *
 * From an overlay only the first section with the container's name counts, searched in containers, init containers, ephemeral
 * containers. Of an ApplicationProfile: lists are appended without what is there already; `rulePolicies` are united by rule, either
 * side's permission counting; architectures and call stacks are added; seccomp profile, image id and tag replace where the overlay
 * has them. Of a NetworkNeighborhood: peers are matched by a non-empty `identifier` with the base (first one of that identifier),
 * their names, addresses and ports (by name, the overlay's replaces) united, selectors extended, type and address replaced where
 * given, the rest appended as they are; the selector of the spec extends that of the base even without a section.
 *
 * Guarantees: nothing that was given is changed; the result depends on content and order only; later overlays win where something
 * is replaced. The result is always a new object, its parts are shared with base and overlays where they did not change.
 *
 * @param base - learned or authored, flat.
 * @param overlays - in the order of application: user-managed (`ug-`) ApplicationProfile, then NetworkNeighborhood, then the two that
 * the pod's label names.
 * @returns the profile under the base's metadata, and a warning for each overlay that leaves out containers of the pod.
 *
 * Cost: linear in both, about one key string for each exec, open, endpoint and call stack of a section that is merged.
 *
 * @public
 */
export function applyOverlays(
  base: ContainerProfile,
  overlays: readonly ProfileOverlay[],
  options: OverlayOptions,
): { readonly profile: ContainerProfile; readonly warnings: readonly OverlayWarning[] } {
  let { spec } = base;
  const warnings: OverlayWarning[] = [];
  for (const overlay of overlays) {
    spec = isApplicationProfile(overlay)
      ? mergeApplication(spec, overlay, options.containerName)
      : mergeNetwork(spec, overlay, options.containerName);
    const missing = missingContainers(overlay, options.pod);
    if (missing.length > 0) warnings.push(createWarning(overlay, missing));
  }
  return { profile: { ...base, spec }, warnings };
}

function isApplicationProfile(overlay: ProfileOverlay): overlay is ApplicationProfile {
  return overlay.kind === APPLICATION_PROFILE_KIND;
}

function mergeApplication(
  spec: ContainerProfileSpec,
  overlay: ApplicationProfile,
  containerName: string,
): ContainerProfileSpec {
  const section = sectionOf<ApplicationProfile["spec"]["containers"][number]>(overlay.spec, containerName);
  if (section === undefined) return spec;
  const seccompProfile = section.seccompProfile ?? spec.seccompProfile;
  return {
    ...spec,
    architectures: appendNew(spec.architectures, overlay.spec.architectures),
    capabilities: appendNew(spec.capabilities, section.capabilities),
    execs: appendNewItems(spec.execs, section.execs),
    opens: appendNewItems(spec.opens, section.opens),
    syscalls: appendNew(spec.syscalls, section.syscalls),
    ...(seccompProfile === undefined ? undefined : { seccompProfile }),
    endpoints: appendNewItems(spec.endpoints, section.endpoints),
    imageID: section.imageID === "" ? spec.imageID : section.imageID,
    imageTag: section.imageTag === "" ? spec.imageTag : section.imageTag,
    rulePolicies: unitePolicies(spec.rulePolicies, section.rulePolicies),
    identifiedCallStacks: appendNewItems(spec.identifiedCallStacks, section.identifiedCallStacks),
  };
}

function mergeNetwork(
  spec: ContainerProfileSpec,
  overlay: NetworkNeighborhood,
  containerName: string,
): ContainerProfileSpec {
  const section = sectionOf<NetworkNeighborhood["spec"]["containers"][number]>(overlay.spec, containerName);
  return {
    ...spec,
    ...mergeSelectors(spec, overlay.spec),
    ingress: section === undefined ? spec.ingress : mergeNeighbors(spec.ingress, section.ingress),
    egress: section === undefined ? spec.egress : mergeNeighbors(spec.egress, section.egress),
  };
}

interface Groups<T> {
  readonly containers: readonly T[];
  readonly initContainers: readonly T[];
  readonly ephemeralContainers: readonly T[];
}

function sectionOf<T extends { readonly name: string }>(groups: Groups<T>, containerName: string): T | undefined {
  const isNamed = (item: T): boolean => item.name === containerName;
  return (
    groups.containers.find(isNamed) ?? groups.initContainers.find(isNamed) ?? groups.ephemeralContainers.find(isNamed)
  );
}

function unitePolicies(
  base: Readonly<Record<string, RulePolicy>>,
  added: Readonly<Record<string, RulePolicy>>,
): Readonly<Record<string, RulePolicy>> {
  const rules = Object.entries(added);
  if (rules.length === 0) return base;
  const policies = new Map(Object.entries(base));
  for (const [rule, policy] of rules) {
    const known = policies.get(rule);
    policies.set(rule, known === undefined ? policy : unitePolicy(known, policy));
  }
  return Object.fromEntries(policies);
}

function unitePolicy(left: RulePolicy, right: RulePolicy): RulePolicy {
  return {
    processAllowed: sortedUnion([left.processAllowed, right.processAllowed]),
    containerAllowed: left.containerAllowed || right.containerAllowed,
  };
}

function missingContainers(overlay: ProfileOverlay, pod: PodContainerNames | undefined): readonly string[] {
  if (pod === undefined) return [];
  const { containers, initContainers, ephemeralContainers } = overlay.spec;
  const covered = new Set([...containers, ...initContainers, ...ephemeralContainers].map((item) => item.name));
  const declared = [...pod.containers, ...pod.initContainers, ...pod.ephemeralContainers];
  return declared.filter((name) => !covered.has(name));
}

function createWarning(overlay: ProfileOverlay, missing: readonly string[]): OverlayWarning {
  const { namespace, name, resourceVersion = "" } = overlay.metadata;
  return {
    kind: isApplicationProfile(overlay) ? "application" : "network",
    namespace,
    name,
    resourceVersion,
    missing,
  };
}
