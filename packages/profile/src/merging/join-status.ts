/**
 * Where each status stands: one that learns is above one that could not. `too-large` is no observation of a container but what became
 * of a write, so it gives way to every status of a learner: what has fitted since then must not be called too large. An unknown text
 * is lowest.
 */
const statusOrder: readonly string[] = [
  "",
  "unsupported-schema",
  "missing-runtime",
  "unauthorize",
  "incomplete",
  "failed",
  "too-large",
  "initializing",
  "ready",
  "completed",
];
const completionOrder: readonly string[] = ["", "partial", "complete"];

/**
 * The higher of two statuses: none < `unsupported-schema` < `missing-runtime` < `unauthorize` < `incomplete` < `failed` <
 * `too-large` < `initializing` < `ready` < `completed`.
 *
 * Commutative, associative, idempotent for any text; of two that stand nowhere in the list the greater by code units.
 *
 * @public
 */
export function joinStatus(left: string, right: string): string {
  return higher(statusOrder, left, right);
}

/**
 * The higher of two completions: none < `partial` < `complete`. `complete` is to be written only by a learner that saw a container
 * from its start to its end without a gap; it is never taken back.
 *
 * @public
 */
export function joinCompletion(left: string, right: string): string {
  return higher(completionOrder, left, right);
}

function higher(order: readonly string[], left: string, right: string): string {
  const leftRank = order.indexOf(left);
  const rightRank = order.indexOf(right);
  if (leftRank !== rightRank) return leftRank > rightRank ? left : right;
  return left > right ? left : right;
}
