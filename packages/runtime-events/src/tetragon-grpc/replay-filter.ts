/**
 * Remembers which executions were delivered, so that a replay of running processes (after a restart of the agent) does not deliver
 * them again.
 *
 * A table of two 32-bit hashes per slot, newest wins: it forgets, and then a replay comes once more, marked as a replay; two executions are taken
 * for one with a probability of 2^-64 per slot looked at. Cost: 8 bytes a slot, no allocation per event.
 *
 * @internal
 */
export class ReplayFilter {
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** @param slotsLog2 - 4 ... 20; the agent itself remembers 2^16 processes. */
  constructor(slotsLog2: number) {
    this.#slots = new Int32Array(2 << slotsLog2);
    this.#mask = (1 << slotsLog2) - 1;
  }

  /** Remembers the execution. @returns true when it was remembered already. */
  add(execId: string): boolean {
    let a = 0x811c9dc5 | 0;
    let b = 0x5bd1e995 | 0;
    for (let at = 0; at < execId.length; at++) {
      const code = execId.charCodeAt(at);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b + code, 0x85ebca6b | 0) ^ (b >>> 13);
    }
    // 0 marks an empty slot.
    if (b === 0) b = 1;
    const slot = ((a ^ (a >>> 15)) & this.#mask) * 2;
    if (this.#slots[slot] === a && this.#slots[slot + 1] === b) return true;
    this.#slots[slot] = a;
    this.#slots[slot + 1] = b;
    return false;
  }
}
