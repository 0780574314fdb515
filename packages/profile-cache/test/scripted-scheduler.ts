/** Numbers below 1 that depend on the seed alone (xorshift). */
export function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

/** One worker: everything up to a `yield` is one step, which nothing interrupts. */
export type Worker = Generator<void, void, void>;

/**
 * Runs workers step by step in an order that the random source alone decides, with `between` after each step: what is not a worker (answers of
 * a store, time) happens there. Ends when every worker has.
 */
export async function interleave(
  workers: readonly Worker[],
  random: () => number,
  between: () => void | Promise<void>,
): Promise<void> {
  const left = [...workers];
  while (left.length > 0) {
    const at = Math.floor(random() * left.length);
    const worker = left[at];
    if (worker?.next().done === true) {
      left[at] = left.at(-1) ?? worker;
      left.pop();
    }
    await between();
  }
}
