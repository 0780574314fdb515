import type { Logger } from "@kinglet/logger";
import {
  checksum,
  isLearnedProfile,
  profileStatus,
  resolveAuthoredProfile,
  type ContainerProfile,
  type ProfileStatus,
} from "@kinglet/profile";
import { applyOverlays, type OverlayWarning } from "@kinglet/profile/merging";

import { CachedProfile, type ProfileOrigin } from "./cached-profile.ts";
import { ContentPool, type SharedContent } from "./content-pool.ts";
import type { BoundObject, ProfileBinding } from "./profile-binding.ts";
import { projectProfile } from "./project-profile.ts";
import { keepEverything, type ProjectionSpec } from "./projection-spec.ts";
import type { OverlayDocument } from "./profile-source.ts";

// The part that is loaded with the first profile offers everything that nobody needs before.
export { offerOriginalMetrics } from "./original-metrics.ts";

/** Names of the containers of a pod. @public */
export interface PodContainerNames {
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
  readonly ephemeralContainers: readonly string[];
}

/** What the composer needs. @internal */
export interface ProfileComposerOptions {
  readonly acceptedStatuses: readonly ProfileStatus[];
  readonly freezeProfiles: boolean;
  readonly maxProfileBytes: number;
  readonly podContainers: ((namespace: string, podName: string) => PodContainerNames | undefined) | undefined;
  readonly now: () => number;
  readonly logger: Logger;
  /** Counts a merged overlay, with whether it describes every container of the pod. */
  readonly overlayLoaded: (kind: "application" | "network", completeness: "full" | "partial") => void;
  /** Counts what became of a pod's label. */
  readonly labelResolved: (result: "adopted" | "unresolved", namespace: string) => void;
  /** The content of an object whose version is known is needed. */
  readonly wantContent: (source: BoundObject) => void;
}

/**
 * What came of composing: a profile came, changed or went (`changed`), nothing did (`unchanged`), the learned one is not final
 * (`not_final`) or nothing exists (`not_found`), or objects are still being fetched (`waiting`).
 *
 * @internal
 */
export type ComposeResult = "changed" | "unchanged" | "not_final" | "not_found" | "waiting";

/** What a profile is made of, decided from what is known of the objects. */
type Plan =
  | { readonly kind: "waiting" }
  | { readonly kind: "undecided"; readonly source: BoundObject }
  | { readonly kind: "authored"; readonly source: BoundObject }
  | { readonly kind: "learned"; readonly source: BoundObject; readonly overlays: readonly BoundObject[] }
  | { readonly kind: "nothing"; readonly reason: string };

/** Remembered warnings; a cluster has fewer labels and overlays than that. */
const MAX_WARNED = 1_000;

/**
 * Makes profiles out of objects.
 *
 * Order of precedence: an authored profile replaces everything; else the learned one, widened by its overlays; there is no stand-in for a
 * learned profile that is missing. Failures never change what is held.
 *
 * @internal
 */
export class ProfileComposer {
  readonly #options: ProfileComposerOptions;
  readonly pool: ContentPool;
  #projection: ProjectionSpec = keepEverything;
  readonly #warned = new Set<string>();

  constructor(options: ProfileComposerOptions) {
    this.#options = options;
    this.pool = new ContentPool(options.maxProfileBytes);
  }

  /** Used from the next composition on. */
  setProjection(projection: ProjectionSpec): void {
    this.#projection = projection;
  }

  /** True when what is held was made for other rules than the present ones. */
  isOutdated(binding: ProfileBinding): boolean {
    return binding.shared !== undefined && binding.shared.content.projectionHash !== this.#projection.hash;
  }

  /** Gives back what the binding holds. */
  release(binding: ProfileBinding): void {
    if (binding.shared !== undefined) this.pool.release(binding.shared);
    binding.shared = undefined;
    binding.cached = undefined;
    binding.composition = "";
    binding.uid = "";
    binding.resourceVersion = "";
  }

  /** Brings what the binding holds, its reason and its marks up to what is known of its objects. */
  compose(binding: ProfileBinding): ComposeResult {
    const plan = planOf(binding);
    binding.isSettled = plan.kind !== "waiting";
    if (plan.kind === "waiting") return "waiting";
    const result = this.#follow(binding, plan);
    if (result !== "waiting") this.#describe(binding, plan);
    return result;
  }

  #follow(binding: ProfileBinding, plan: Exclude<Plan, { readonly kind: "waiting" }>): ComposeResult {
    if (plan.kind === "undecided") return "unchanged";
    if (plan.kind === "nothing") return this.#unset(binding, plan.reason);
    if (plan.kind === "authored") return this.#adopt(binding, plan.source);
    return this.#learn(binding, plan.source, plan.overlays);
  }

  #adopt(binding: ProfileBinding, source: BoundObject): ComposeResult {
    const composition = `authored ${source.version}#${binding.containerName}`;
    if (this.#isSame(binding, source, composition)) return "unchanged";
    if (source.content === undefined) return this.#want(binding, source);
    const section = resolveAuthoredProfile(source.content as ContainerProfile, binding.containerName);
    if (section === undefined) return this.#unset(binding, `${source.title} says nothing about the container`);
    const result = this.#set(binding, section, {
      composition,
      source,
      sum: checksum(section),
      status: "completed",
      completion: "complete",
      origin: "authored",
    });
    if (result === "changed") this.#options.labelResolved("adopted", binding.namespace);
    return result;
  }

  #learn(binding: ProfileBinding, source: BoundObject, overlays: readonly BoundObject[]): ComposeResult {
    let composition = "";
    for (const overlay of overlays) composition += `+${overlay.version}`;
    if (this.#isSame(binding, source, composition)) return "unchanged";
    const base = source.content as ContainerProfile | undefined;
    if (base === undefined) return this.#want(binding, source);
    const { status, completion } = profileStatus(base);
    if (!this.#options.acceptedStatuses.includes(status)) {
      // The same object went back to learning: what it allowed before is the better answer. Another object is a new start.
      if (binding.cached === undefined || binding.uid !== source.uid || binding.cached.origin === "authored")
        this.#unset(binding, `the profile's status is ${JSON.stringify(status)}`);
      return "not_final";
    }
    const life = { status, completion, composition, source } as const;
    if (overlays.length === 0) return this.#set(binding, base, { ...life, sum: checksum(base), origin: "learned" });
    return this.#merge(binding, base, overlays, life);
  }

  #isSame(binding: ProfileBinding, source: BoundObject, composition: string): boolean {
    return (
      binding.shared !== undefined &&
      binding.shared.content.projectionHash === this.#projection.hash &&
      binding.resourceVersion !== "" &&
      binding.resourceVersion === source.resourceVersion &&
      binding.uid === source.uid &&
      binding.composition === composition
    );
  }

  #merge(
    binding: ProfileBinding,
    base: ContainerProfile,
    overlays: readonly BoundObject[],
    life: Omit<Life, "origin">,
  ): ComposeResult {
    // The base counts by its content: replicas that learned the same under other names are merged once.
    let shareKey = `${checksum(base)}#${binding.containerName}#${this.#projection.hash}`;
    for (const overlay of overlays) shareKey += `+${overlay.version}`;
    const known = this.pool.findComposed(shareKey);
    if (known !== undefined) {
      return this.#hold(binding, { ...life, origin: "learned with overlays" }, known);
    }
    const documents: OverlayDocument[] = [];
    for (const overlay of overlays) {
      if (overlay.content === undefined) this.#want(binding, overlay);
      else documents.push(overlay.content as OverlayDocument);
    }
    if (!binding.isSettled) return "waiting";
    const pod = this.#options.podContainers?.(binding.namespace, binding.podName);
    const { profile, warnings } = applyOverlays(base, documents, { containerName: binding.containerName, pod });
    this.#reportOverlays(documents, warnings);
    const result = this.#set(binding, profile, { ...life, sum: checksum(profile), origin: "learned with overlays" });
    if (binding.shared !== undefined) this.pool.remember(shareKey, binding.shared);
    return result;
  }

  #set(binding: ProfileBinding, profile: ContainerProfile, life: Life & { readonly sum: string }): ComposeResult {
    const projection = this.#projection;
    const shared = this.pool.acquire(
      life.sum,
      projection.hash,
      () => {
        const content = projectProfile(profile.spec, life.sum, projection);
        return this.#options.freezeProfiles ? content.freeze() : content;
      },
      binding.shared,
    );
    if (shared !== undefined) return this.#hold(binding, life, shared);
    this.#warnOnce(`full ${binding.key}`, "a profile does not fit into the cache", {
      namespace: binding.namespace,
      profile: profile.metadata.name,
      maxProfileBytes: this.#options.maxProfileBytes,
    });
    return this.#unset(binding, "there is no room for the profile in the cache");
  }

  /** Takes over `shared`, of which one use was acquired. */
  #hold(binding: ProfileBinding, life: Life, shared: SharedContent): ComposeResult {
    const before = binding.cached;
    // The strings of the source live as long as it does: nothing is kept twice, and nothing of the document.
    const { namespace, name, uid, resourceVersion } = life.source;
    binding.composition = life.composition;
    binding.uid = uid;
    binding.resourceVersion = resourceVersion;
    if (
      before !== undefined &&
      shared === binding.shared &&
      before.name === name &&
      before.status === life.status &&
      before.completion === life.completion &&
      before.origin === life.origin
    ) {
      this.pool.release(shared);
      return "unchanged";
    }
    const held = binding.shared;
    binding.shared = shared;
    binding.cached = new CachedProfile(namespace, name, life, shared.content);
    if (this.#options.freezeProfiles) Object.freeze(binding.cached);
    if (held !== undefined) this.pool.release(held);
    if (before === undefined) binding.sinceMs = this.#options.now();
    return "changed";
  }

  #unset(binding: ProfileBinding, reason: string): ComposeResult {
    binding.reason = reason;
    if (binding.cached === undefined) return "not_found";
    this.release(binding);
    binding.sinceMs = this.#options.now();
    return "changed";
  }

  #want(binding: ProfileBinding, source: BoundObject): ComposeResult {
    binding.isSettled = false;
    this.#options.wantContent(source);
    return "waiting";
  }

  /** Reason, staleness and binding of the label, for people and metrics. */
  #describe(binding: ProfileBinding, plan: Plan): void {
    const failing = failingSource(binding);
    const wasUnbound = binding.isUnbound;
    binding.isUnbound = isUnbound(binding, plan);
    binding.isStale = failing !== undefined && binding.cached !== undefined;
    if (failing !== undefined) {
      binding.reason = failing === binding.learned ? failing.problem : `${failing.title}: ${failing.problem}`;
    } else if (binding.isUnbound) {
      const instead = binding.cached === undefined ? binding.reason : "the learned profile is used";
      if (!instead.startsWith("the pod's label")) {
        binding.reason = `the pod's label names ${JSON.stringify(binding.label)}, which nothing is found under; ${instead}`;
      }
    } else if (binding.cached !== undefined) binding.reason = "";
    if (!binding.isUnbound || wasUnbound) return;
    this.#options.labelResolved("unresolved", binding.namespace);
    this.#warnOnce(
      `unbound ${binding.namespace}/${binding.label}#${binding.containerName}`,
      "a pod's label names a profile that does not exist",
      {
        namespace: binding.namespace,
        label: binding.label,
        container: binding.containerName,
      },
    );
  }

  #reportOverlays(overlays: readonly OverlayDocument[], warnings: readonly OverlayWarning[]): void {
    for (const { kind, metadata } of overlays) {
      const which = kind === "ApplicationProfile" ? "application" : "network";
      const { namespace, name, resourceVersion = "" } = metadata;
      const warning = warnings.find((one) => one.kind === which && one.name === name && one.namespace === namespace);
      this.#options.overlayLoaded(which, warning === undefined ? "full" : "partial");
      if (warning === undefined) continue;
      this.#warnOnce(
        `${which}|${namespace}/${name}@${resourceVersion}`,
        "an overlay does not describe every container of the pod",
        { namespace, overlay: name, kind, missing: warning.missing },
      );
    }
  }

  #warnOnce(key: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#warned.has(key)) return;
    if (this.#warned.size >= MAX_WARNED) this.#warned.clear();
    this.#warned.add(key);
    this.#options.logger.warn(message, fields);
  }
}

interface Life {
  readonly status: ProfileStatus;
  readonly completion: "partial" | "complete" | "";
  readonly origin: ProfileOrigin;
  readonly composition: string;
  /** The object that gives the profile its name. */
  readonly source: BoundObject;
}

/** Takes over an object that arrived. @internal */
export function takeContent(source: BoundObject, content: ContainerProfile | OverlayDocument): void {
  source.content = content;
  source.isContentWanted = false;
  source.outcome = "present";
  source.uid = content.metadata.uid ?? "";
  source.resourceVersion = content.metadata.resourceVersion ?? "";
  source.isLearned = isLearnedProfile(content);
  if (source.kind !== "ContainerProfile") return;
  const { containers, initContainers, ephemeralContainers } = (content as ContainerProfile).spec;
  const sections = [...containers, ...initContainers, ...ephemeralContainers];
  source.coversOnly = sections.length === 0 ? undefined : sections.map(({ name }) => name);
}

function planOf(binding: ProfileBinding): Plan {
  for (const source of binding.authored) {
    if (!source.isTried) return { kind: "waiting" };
    if (source.outcome === "absent") continue;
    if (source.outcome !== "present") return { kind: "undecided", source };
    if (source.isLearned) break;
    if (source.coversOnly !== undefined && !source.coversOnly.includes(binding.containerName)) break;
    return { kind: "authored", source };
  }
  const overlays: BoundObject[] = [];
  for (const overlay of binding.overlays) {
    if (!overlay.isTried) return { kind: "waiting" };
    if (overlay.outcome === "present") overlays.push(overlay);
  }
  const { learned } = binding;
  if (learned === undefined) return { kind: "nothing", reason: "the container cannot have a learned profile" };
  if (!learned.isTried) return { kind: "waiting" };
  if (learned.outcome === "present") return { kind: "learned", source: learned, overlays };
  if (learned.outcome !== "absent") return { kind: "undecided", source: learned };
  const [overlay] = overlays;
  if (overlay === undefined) return { kind: "nothing", reason: "the profile does not exist" };
  return { kind: "nothing", reason: `the profile does not exist; ${overlay.title} waits for it` };
}

/** True when the pod has a label, and every object it could name is known not to be there. */
function isUnbound(binding: ProfileBinding, plan: Plan): boolean {
  if (binding.label === "" || plan.kind === "authored") return false;
  if (binding.authored.some((source) => source.outcome !== "absent" && source.outcome !== "present")) return false;
  return binding.overlays.every((overlay) => overlay.name !== binding.label || overlay.outcome === "absent");
}

function failingSource(binding: ProfileBinding): BoundObject | undefined {
  let failing: BoundObject | undefined;
  binding.eachSource((source) => {
    if (source.problem !== "") failing ??= source;
  });
  return failing;
}
