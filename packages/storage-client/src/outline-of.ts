import type { ContainerProfile } from "@kinglet/profile";

/**
 * A stored document without what the profile that was read from it says: finalizers, owners, members of a newer version. It is kept while the
 * object is replaced; the document itself would be as large as the profile once more.
 *
 * @internal
 */
export function outlineOf(document: unknown, profile: ContainerProfile): unknown {
  if (typeof document !== "object" || document === null) return document;
  const { spec, ...others } = document as { readonly spec?: unknown };
  if (typeof spec !== "object" || spec === null) return others;
  // fromEntries defines members, so one that is called __proto__ stays a member.
  const rest = Object.entries(spec).filter(([name]) => name !== "seccompProfile" && !Object.hasOwn(profile.spec, name));
  return { ...others, spec: Object.fromEntries(rest) };
}
