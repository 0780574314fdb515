/** The name that differs least from what somebody wrote, when it differs little, else one that begins with it; case does not count. @internal */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  const maxDistance = 3;
  const lower = written.toLowerCase();
  let nearest: string | undefined;
  let least = maxDistance + 1;
  for (const name of names) {
    if (Math.abs(name.length - lower.length) >= least) continue;
    const between = distance(lower, name.toLowerCase());
    if (between < least) {
      least = between;
      nearest = name;
    }
  }
  return nearest ?? (lower.length < 3 ? undefined : names.find((name) => name.toLowerCase().startsWith(lower)));
}

/** Insertions, deletions and replacements that make one text the other; both are short here. */
function distance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[right.length]!;
}
