/** Stands for exactly one segment in a recorded path. */
const anySegment = "\u22ef";

/**
 * Compares a recorded path with an observed one, segment by segment; `\u22ef` in the recorded one matches any one segment. Other
 * wildcards are text.
 *
 * Cost: no allocation; a recorded path without the wildcard is one string comparison.
 *
 * @internal
 */
export function matchesDynamicPath(recorded: string, observed: string): boolean {
  if (!recorded.includes(anySegment)) return recorded === observed;
  let r = 0;
  let o = 0;
  for (;;) {
    const recordedEnd = segmentEnd(recorded, r);
    const observedEnd = segmentEnd(observed, o);
    const isAny = recordedEnd - r === 1 && recorded[r] === anySegment;
    if (isAny ? observedEnd === o : !sameText(recorded, r, recordedEnd, observed, o, observedEnd)) return false;
    const isLast = recordedEnd === recorded.length;
    if (isLast || observedEnd === observed.length) return isLast && observedEnd === observed.length;
    r = recordedEnd + 1;
    o = observedEnd + 1;
  }
}

function segmentEnd(path: string, from: number): number {
  const slash = path.indexOf("/", from);
  return slash === -1 ? path.length : slash;
}

function sameText(a: string, aStart: number, aEnd: number, b: string, bStart: number, bEnd: number): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let index = 0; index < aEnd - aStart; index++) {
    if (a.charCodeAt(aStart + index) !== b.charCodeAt(bStart + index)) return false;
  }
  return true;
}
