/**
 * The candidate that a person most likely meant: at most a third of its letters differ, two in short words.
 *
 * @returns undefined when none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= tolerance(candidate)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Two, so that swapped letters are found; less where that would be most of the word. */
function tolerance(candidate: string): number {
  return Math.min(candidate.length - 2, Math.max(2, Math.floor(candidate.length / 3)));
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row: number[] = [];
  for (let column = 0; column <= b.length; column++) row.push(column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
