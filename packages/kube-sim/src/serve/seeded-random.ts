/**
 * Numbers in [0, 1), the same sequence for the same seed. Not for secrets.
 *
 * @param seed - 0 to 4294967295
 * @see the generator SplitMix32: an increment by the golden ratio and an avalanche of multiplications
 */
export function createSeededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
