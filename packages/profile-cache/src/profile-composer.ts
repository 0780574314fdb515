import type { Logger } from "@kinglet/logger";
import {
  checksum,
  resolveAuthoredProfile,
  type ContainerProfile,
  type ProfileCompletion,
  type ProfileStatus,
  type ProfileSurface,
} from "@kinglet/profile";
import { applyOverlays, type OverlayWarning } from "@kinglet/profile/merging";

import { CachedProfile, type ProfileOrigin } from "./cached-profile.ts";
import type { ComposeResult } from "./compose-result.ts";
import { compileProjectionSpec } from "./compile-projection-spec.ts";
import { coversProjection } from "./covers-projection.ts";
import { ContentPool, type SharedContent } from "./content-pool.ts";
import { describeBinding, statusReason } from "./describe-binding.ts";
import type { BoundObject, ProfileBinding } from "./profile-binding.ts";
import type { ProfileContent } from "./profile-content.ts";
import { planOf, type Plan } from "./profile-plan.ts";
import { projectProfile } from "./project-profile.ts";
import { keepEverything, type ProjectionSpec } from "./projection-spec.ts";
import type { OverlayDocument } from "./profile-source.ts";
import { RefusedProfiles } from "./refused-profiles.ts";
// The part that is loaded with the first profile offers everything that nobody needs before.
export { offerOriginalMetrics } from "./original-metrics.ts";
export { takeContent } from "./take-content.ts";
import { unpackProfile } from "./unpack-profile.ts";

/** Names of the containers of a pod. @public */
export interface PodContainerNames {
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
  readonly ephemeralContainers: readonly string[];
}

/** What the composer needs. @internal */
export interface ProfileComposerOptions {
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

/** Of a profile that somebody wrote every list counts. */
const ALL_OBSERVED: readonly ProfileSurface[] = [];
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
  readonly #refused: RefusedProfiles;
  readonly #warned = new Set<string>();

  constructor(options: ProfileComposerOptions) {
    this.#options = options;
    this.pool = new ContentPool(options.maxProfileBytes);
    this.#refused = new RefusedProfiles(this.pool);
  }

  /**
   * What is kept from the next composition on.
   *
   * @returns false when it is the same as before.
   */
  setDeclarations(declarations: readonly unknown[]): boolean {
    const before = this.#projection;
    try {
      // Without any declaration there is nothing to leave out.
      const areAny = declarations.some((declaration) => declaration !== undefined && declaration !== null);
      this.#projection = areAny ? compileProjectionSpec(declarations) : keepEverything;
    } catch (error) {
      this.#projection = keepEverything;
      this.#options.logger.error("what a rule needs of profiles is not understood: profiles are kept whole", { error });
    }
    return this.#projection.hash !== before.hash;
  }

  /** How many profiles have a version that found no room. */
  get withoutRoom(): number {
    return this.#refused.size;
  }

  /** True when all that is missing is room. */
  isRefused(binding: ProfileBinding): boolean {
    return this.#refused.has(binding);
  }

  /** The profiles for whose refused version there is room now; cheap when nothing changed. */
  takeFitting(): readonly ProfileBinding[] {
    return this.#refused.takeFitting();
  }

  /** True when what is held was made for other rules than the present ones. */
  isOutdated(binding: ProfileBinding): boolean {
    return binding.shared !== undefined && binding.shared.content.projectionHash !== this.#projection.hash;
  }

  /** Gives back what the binding holds. */
  release(binding: ProfileBinding): void {
    if (binding.shared !== undefined) this.pool.release(binding.shared);
    if (binding.base !== undefined) this.pool.release(binding.base);
    this.#refused.delete(binding);
    binding.shared = undefined;
    binding.base = undefined;
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
    if (describeBinding(binding, plan, result)) this.#warnOfLabel(binding);
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
    if (this.#isSame(binding, source, composition)) return this.#settled(binding);
    const attempt = this.#attemptOf(source, composition);
    if (this.#refused.isStillRefused(binding, attempt)) return "no_room";
    if (source.content === undefined) return this.#want(binding, source);
    const section = resolveAuthoredProfile(source.content as ContainerProfile, binding.containerName);
    if (section === undefined) return this.#unset(binding, `${source.title} says nothing about the container`);
    const result = this.#set(binding, section, {
      composition,
      attempt,
      source,
      sum: checksum(section),
      status: "completed",
      completion: "complete",
      unobserved: source.unobserved ?? ALL_OBSERVED,
      origin: "authored",
    });
    if (result === "changed") this.#options.labelResolved("adopted", binding.namespace);
    return result;
  }

  #learn(binding: ProfileBinding, source: BoundObject, overlays: readonly BoundObject[]): ComposeResult {
    let composition = "";
    for (const overlay of overlays) composition += `+${overlay.version}`;
    const { status, completion, unobserved = ALL_OBSERVED } = source;
    if (!isFinal(status)) return this.#keepFinal(binding, source, overlays, composition);
    if (this.#isSame(binding, source, composition)) return this.#settled(binding);
    const attempt = this.#attemptOf(source, composition);
    if (this.#refused.isStillRefused(binding, attempt)) return "no_room";
    const base = source.content as ContainerProfile | undefined;
    if (base === undefined) return this.#want(binding, source);
    const sum = checksum(base);
    const life = { status, completion, unobserved, composition, attempt, source } as const;
    if (overlays.length === 0) return this.#set(binding, base, { ...life, sum, origin: "learned" });
    return this.#merge(binding, base, overlays, { ...life, sum });
  }

  /**
   * The same object went back to learning: what it allowed before is the better answer, and overlays go over that. Another object under the
   * name is a new start.
   */
  #keepFinal(
    binding: ProfileBinding,
    source: BoundObject,
    overlays: readonly BoundObject[],
    composition: string,
  ): ComposeResult {
    const { cached, shared } = binding;
    // What lacks something that the rules of now ask for is no answer.
    const isEnough = shared !== undefined && coversProjection(shared.projection, this.#projection);
    if (cached === undefined || !isEnough || binding.uid !== source.uid || cached.origin === "authored") {
      this.#unset(binding, statusReason(source.status));
      return "not_final";
    }
    const base = binding.base ?? shared;
    // What was made for other rules cannot be merged for the present ones: it waits for the next final version.
    if (composition === binding.composition || base.content.projectionHash !== this.#projection.hash)
      return "not_final";
    const attempt = this.#attemptOf(source, composition);
    if (this.#refused.isStillRefused(binding, attempt)) return "no_room";
    const { status, completion, unobserved } = cached;
    const life = { status, completion, unobserved, composition, attempt, source } as const;
    let result: ComposeResult;
    if (overlays.length === 0) {
      result = this.#hold(binding, { ...life, origin: "learned" }, this.pool.retain(base), undefined);
    } else {
      const { namespace, name } = cached;
      const kept = {
        apiVersion: "",
        kind: "ContainerProfile",
        metadata: { namespace, name },
        spec: unpackProfile(base.content),
      };
      result = this.#merge(binding, kept, overlays, { ...life, sum: base.content.checksum }, base);
    }
    return result === "unchanged" ? "not_final" : result;
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

  /** @param kept - the last final content, which `base` was unpacked from; absent when `base` is the document itself. */
  #merge(
    binding: ProfileBinding,
    base: ContainerProfile,
    overlays: readonly BoundObject[],
    life: Omit<Life, "origin"> & { readonly sum: string },
    kept?: SharedContent,
  ): ComposeResult {
    // The base counts by its content: replicas that learned the same under other names are merged once.
    let shareKey = `${kept === undefined ? "" : "kept "}${life.sum}#${binding.containerName}#${this.#projection.hash}`;
    for (const overlay of overlays) shareKey += `+${overlay.version}`;
    const origin = "learned with overlays";
    const known = this.pool.findComposed(shareKey);
    if (known !== undefined) return this.#hold(binding, { ...life, origin }, known, this.#baseOf(base, life.sum, kept));
    const documents: OverlayDocument[] = [];
    for (const overlay of overlays) {
      if (overlay.content === undefined) this.#want(binding, overlay);
      else documents.push(overlay.content as OverlayDocument);
    }
    if (!binding.isSettled) return "waiting";
    const pod = this.#options.podContainers?.(binding.namespace, binding.podName);
    const { profile, warnings } = applyOverlays(base, documents, { containerName: binding.containerName, pod });
    this.#reportOverlays(documents, warnings);
    const result = this.#set(binding, profile, { ...life, sum: checksum(profile), origin }, () =>
      this.#baseOf(base, life.sum, kept),
    );
    if (binding.shared !== undefined && result !== "no_room") this.pool.remember(shareKey, binding.shared);
    return result;
  }

  /** What was learned, for overlays that change while it is being learned again; undefined when there is no room for it. */
  #baseOf(base: ContainerProfile, sum: string, kept: SharedContent | undefined): SharedContent | undefined {
    if (kept !== undefined) return this.pool.retain(kept);
    const shared = this.pool.acquire(sum, this.#projection, () => this.#project(base, sum), undefined);
    return shared.content === undefined ? undefined : shared;
  }

  #project(profile: ContainerProfile, sum: string): ProfileContent {
    const content = projectProfile(profile.spec, sum, this.#projection);
    return this.#options.freezeProfiles ? content.freeze() : content;
  }

  #set(
    binding: ProfileBinding,
    profile: ContainerProfile,
    life: Life & { readonly sum: string },
    acquireBase?: () => SharedContent | undefined,
  ): ComposeResult {
    const { sum } = life;
    const shared = this.pool.acquire(sum, this.#projection, () => this.#project(profile, sum), binding.shared);
    if (shared.content !== undefined) return this.#hold(binding, life, shared, acquireBase?.());
    this.#refused.add(binding, { ...shared, attempt: life.attempt });
    this.#warnOnce(`full ${binding.key}`, "a profile does not fit into the cache", {
      namespace: binding.namespace,
      profile: profile.metadata.name,
      maxProfileBytes: this.#options.maxProfileBytes,
    });
    return "no_room";
  }

  /** Which version for which rules. */
  #attemptOf(source: BoundObject, composition: string): string {
    return `${source.version}${composition}#${this.#projection.hash}`;
  }

  /** What is held is what the store has. */
  #settled(binding: ProfileBinding): "unchanged" {
    this.#refused.delete(binding);
    return "unchanged";
  }

  /** Takes over `shared` and `base`, of which one use each was acquired. */
  #hold(binding: ProfileBinding, life: Life, shared: SharedContent, base: SharedContent | undefined): ComposeResult {
    const before = binding.cached;
    // The strings of the source live as long as it does: nothing is kept twice, and nothing of the document.
    const { namespace, name, uid, resourceVersion } = life.source;
    this.#refused.delete(binding);
    binding.composition = life.composition;
    binding.uid = uid;
    binding.resourceVersion = resourceVersion;
    if (binding.base !== undefined) this.pool.release(binding.base);
    binding.base = base;
    if (
      before !== undefined &&
      shared === binding.shared &&
      before.name === name &&
      before.status === life.status &&
      before.completion === life.completion &&
      before.origin === life.origin &&
      before.unobserved.join() === life.unobserved.join()
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
    this.#refused.delete(binding);
    if (binding.cached === undefined) return "not_found";
    this.release(binding);
    binding.sinceMs = this.#options.now();
    return "changed";
  }

  #want(binding: ProfileBinding, source: BoundObject): ComposeResult {
    binding.isSettled = false;
    if (binding.shared !== undefined && !coversProjection(binding.shared.projection, this.#projection)) {
      // A rule would take what was dropped for what the profile does not allow: no profile is the better answer.
      this.release(binding);
      binding.reason = "rules ask for more than was kept of the profile, which is fetched again";
      binding.sinceMs = this.#options.now();
    }
    this.#options.wantContent(source);
    return "waiting";
  }

  #warnOfLabel(binding: ProfileBinding): void {
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
  readonly completion: ProfileCompletion;
  readonly origin: ProfileOrigin;
  readonly unobserved: readonly ProfileSurface[];
  readonly composition: string;
  readonly attempt: string;
  /** The object that gives the profile its name. */
  readonly source: BoundObject;
}

/** Whether a learned profile may be used: one that is still being learned would make ordinary behaviour look wrong. */
function isFinal(status: ProfileStatus): boolean {
  return status === "completed" || status === "too-large";
}
