import type { BoundObject, ProfileBinding } from "./profile-binding.ts";

/** What a profile is made of, decided from what is known of the objects. @internal */
export type Plan =
  | { readonly kind: "waiting" }
  | { readonly kind: "undecided"; readonly source: BoundObject }
  | { readonly kind: "authored"; readonly source: BoundObject }
  | { readonly kind: "learned"; readonly source: BoundObject; readonly overlays: readonly BoundObject[] }
  | { readonly kind: "nothing"; readonly reason: string };

/**
 * Order of precedence: an authored profile replaces everything; else the learned one, widened by its overlays.
 *
 * @internal
 */
export function planOf(binding: ProfileBinding): Plan {
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

/** True when the pod has a label, and every object it could name is known not to be there. @internal */
export function isUnbound(binding: ProfileBinding, plan: Plan): boolean {
  if (binding.label === "" || plan.kind === "authored") return false;
  if (binding.authored.some((source) => source.outcome !== "absent" && source.outcome !== "present")) return false;
  return binding.overlays.every((overlay) => overlay.name !== binding.label || overlay.outcome === "absent");
}

/** The first object whose last fetch failed. @internal */
export function failingSource(binding: ProfileBinding): BoundObject | undefined {
  let failing: BoundObject | undefined;
  binding.eachSource((source) => {
    if (source.problem !== "") failing ??= source;
  });
  return failing;
}
