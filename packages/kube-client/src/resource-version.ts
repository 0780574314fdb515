/**
 * Order of two resourceVersions of the same resource type: negative when `a` is older, 0 when equal, positive when newer,
 * `undefined` when they cannot be compared (not decimal numbers without a leading zero).
 *
 * Compares length, then digits: versions may be longer than a JavaScript number holds.
 *
 * @see kubernetes/apimachinery `pkg/util/resourceversion`, the definition of comparable versions.
 * @public
 */
export function compareResourceVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!isComparable(a) || !isComparable(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

function isComparable(version: string): boolean {
  return /^[1-9][0-9]*$/.test(version);
}
