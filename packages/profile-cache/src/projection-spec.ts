import type { ProfileSurface } from "@kinglet/profile";

/** Which entries of a surface are kept: all, or those that one of the lists lets through. @internal */
export interface SurfaceFilter {
  readonly all: boolean;
  /** Sorted, without duplicates, as the other lists. */
  readonly exact: readonly string[];
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
  readonly contains: readonly string[];
}

/**
 * What the loaded rules can ask profiles about; made by `compileProjectionSpec`.
 *
 * A surface without a filter was declared by no rule: it is kept whole, because a rule that declares nothing may ask for it.
 *
 * @internal
 */
export interface ProjectionSpec {
  /** 16 hex digits; equal for equal filters, whatever the order of the rules. `""` for {@link keepEverything}. */
  readonly hash: string;
  readonly surfaces: Readonly<Partial<Record<ProfileSurface, SurfaceFilter>>>;
}

/** The projection that drops nothing that can be asked for: what is used until rules say what they need. @internal */
export const keepEverything: ProjectionSpec = { hash: "", surfaces: {} };
