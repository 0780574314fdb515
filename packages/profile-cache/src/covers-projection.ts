import type { ProfileSurface } from "@kinglet/profile";
import type { ProjectionSpec, SurfaceFilter } from "./projection-spec.ts";

/**
 * True when what was kept for `kept` holds everything that `wanted` asks for: nothing that is answered from it is a "no" only because it was
 * dropped. False also where that cannot be told from the patterns alone.
 *
 * @internal
 */
export function coversProjection(kept: ProjectionSpec, wanted: ProjectionSpec): boolean {
  if (kept === wanted || kept.hash === wanted.hash) return true;
  for (const surface of Object.keys(kept.surfaces) as ProfileSurface[]) {
    if (!coversFilter(kept.surfaces[surface], wanted.surfaces[surface])) return false;
  }
  return true;
}

/** A surface without a filter is kept whole, and asked for whole. */
function coversFilter(kept: SurfaceFilter | undefined, wanted: SurfaceFilter | undefined): boolean {
  if (kept === undefined || kept.all) return true;
  if (wanted === undefined || wanted.all) return false;
  const hasPart = (text: string): boolean => kept.contains.some((part) => text.includes(part));
  const hasStart = (text: string): boolean => kept.prefix.some((start) => text.startsWith(start)) || hasPart(text);
  const hasEnd = (text: string): boolean => kept.suffix.some((end) => text.endsWith(end)) || hasPart(text);
  return (
    wanted.exact.every((text) => kept.exact.includes(text) || hasStart(text) || hasEnd(text)) &&
    wanted.prefix.every(hasStart) &&
    wanted.suffix.every(hasEnd) &&
    wanted.contains.every(hasPart)
  );
}
