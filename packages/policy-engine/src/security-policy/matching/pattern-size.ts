/** Steps a pattern may compile to: about 0.1 s and a few MB at the worst. @internal */
export const maxPatternSize = 20_000;

/**
 * How many steps a pattern compiles to, at most about: literals and classes are one, a repetition multiplies what it repeats.
 * One pass, no recursion; wrong syntax gives a wrong number, and the engine refuses it later. The engine itself bounds each
 * repetition at 1,000, but sixteen thousand characters of `x{1000}` would be four million steps.
 *
 * @internal
 */
export function estimatePatternSize(source: string): number {
  /** Sizes of the groups that are open. */
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (let index = 0; index < source.length; index++) {
    const character = source[index];
    if (character === "(") {
      outer.push(size);
      size = 0;
      last = 0;
    } else if (character === ")") {
      last = size + 2;
      size = last + (outer.pop() ?? 0);
    } else if (character === "{") {
      const end = source.indexOf("}", index);
      const times = end < 0 ? 0 : repetitionsOf(source.slice(index + 1, Math.min(end, index + 12)));
      if (times === 0) {
        size += last = 1;
        continue;
      }
      size += last * (times - 1);
      last *= times;
      index = end;
    } else {
      if (character === "[") index = endOfClass(source, index);
      else if (character === "\\") index++;
      size += last = 1;
    }
    if (size > maxPatternSize) return size;
  }
  for (const part of outer) size += part;
  return size;
}

/** The larger bound of `{n}`, `{n,}`, `{n,m}`; 0 for a brace that is a literal. */
function repetitionsOf(text: string): number {
  const bounds = /^(\d{1,5})(?:(,)(\d{0,5}))?$/.exec(text);
  if (bounds === null) return 0;
  const [, low, comma, high] = bounds;
  const times = Math.max(Number(low), Number(high ?? 0)) + (comma !== undefined && !high ? 1 : 0);
  return Math.max(times, 1);
}

function endOfClass(source: string, start: number): number {
  // A closing bracket right behind the opening one, or behind `^`, is a member of the class.
  let index = start + (source[start + 1] === "^" ? 2 : 1);
  if (source[index] === "]") index++;
  for (; index < source.length; index++) {
    const character = source[index];
    if (character === "\\") index++;
    else if (character === "[" && source[index + 1] === ":") {
      const end = source.indexOf(":]", index + 2);
      if (end >= 0) index = end + 1;
    } else if (character === "]") return index;
  }
  return source.length;
}
