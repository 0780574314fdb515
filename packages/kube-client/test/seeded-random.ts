/** Numbers in [0, 1), the same for the same seed: a linear congruential generator, good enough to decide which request a fault meets. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
