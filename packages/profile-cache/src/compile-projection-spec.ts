import { createError } from "@kinglet/errors";
import { PROFILE_SURFACES, type ProfileSurface } from "@kinglet/profile";

import { profileCacheErrors } from "./errors.ts";
import type { ProjectionSpec, SurfaceFilter } from "./projection-spec.ts";

const patternKinds = ["exact", "prefix", "suffix", "contains"] as const;

/**
 * Compiles what rules declare (`profileDataRequired`, one document per rule; `undefined` for a rule that declares nothing) into what
 * profiles keep.
 *
 * A declaration maps a surface to `"all"` or to a list of `{exact}`, `{prefix}`, `{suffix}` or `{contains}`. The result is the union;
 * `all` wins over patterns. The order of rules and of patterns does not matter.
 *
 * @throws `KINGLET_ERR_PROFILE_CACHE_INVALID_DECLARATION` for unknown surfaces and kinds, empty lists and objects with more than one
 * member.
 *
 * @see reference: kubescape/node-agent, rule-aware projection
 *
 * @internal
 */
export function compileProjectionSpec(declarations: readonly unknown[]): ProjectionSpec {
  const collected = new Map<ProfileSurface, Collected>();
  for (const declaration of declarations) {
    if (declaration === undefined || declaration === null) continue;
    if (!isRecord(declaration)) throw invalid("profileDataRequired", "must be an object");
    for (const [name, value] of Object.entries(declaration)) collect(collected, name, value);
  }
  const surfaces: Partial<Record<ProfileSurface, SurfaceFilter>> = {};
  for (const name of PROFILE_SURFACES) {
    const one = collected.get(name);
    if (one !== undefined) surfaces[name] = filterOf(one);
  }
  return { hash: hashOf(JSON.stringify(surfaces)), surfaces };
}

interface Collected {
  all: boolean;
  readonly exact: Set<string>;
  readonly prefix: Set<string>;
  readonly suffix: Set<string>;
  readonly contains: Set<string>;
}

function collect(collected: Map<ProfileSurface, Collected>, name: string, value: unknown): void {
  const surface = PROFILE_SURFACES.find((known) => known === name);
  if (surface === undefined) throw invalid(name, "is no surface of a profile");
  let one = collected.get(surface);
  if (one === undefined) {
    one = { all: false, exact: new Set(), prefix: new Set(), suffix: new Set(), contains: new Set() };
    collected.set(surface, one);
  }
  if (value === "all") {
    one.all = true;
    return;
  }
  if (!Array.isArray(value) || value.length === 0) throw invalid(name, 'must be "all" or a list with an entry');
  for (const pattern of value as readonly unknown[]) {
    if (!isRecord(pattern)) throw invalid(name, "has an entry that is not an object");
    const [member, ...others] = Object.entries(pattern);
    const kind = patternKinds.find((known) => known === member?.[0]);
    if (kind === undefined || others.length > 0 || typeof member?.[1] !== "string") {
      throw invalid(name, `has an entry that is not exactly one of ${patternKinds.join(", ")} with a text`);
    }
    one[kind].add(member[1]);
  }
}

function filterOf(one: Collected): SurfaceFilter {
  const list = (set: ReadonlySet<string>): readonly string[] => (one.all ? [] : [...set].sort());
  const { exact, prefix, suffix, contains } = one;
  return { all: one.all, exact: list(exact), prefix: list(prefix), suffix: list(suffix), contains: list(contains) };
}

/** FNV-1a, 64 bits. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(name: string, problem: string): Error {
  return createError(profileCacheErrors, "KINGLET_ERR_PROFILE_CACHE_INVALID_DECLARATION", { name, problem });
}
