const MAX_IDS = 1_024;

/**
 * Containers of which nobody knows how they ended: some may run, when only the status of their pod was gone for a moment.
 *
 * Bounded: the last 1,024 are remembered.
 *
 * @internal
 */
export class VanishedContainers {
  /** Oldest first. */
  readonly #ids: Set<string> = new Set();

  add(containerId: string): void {
    this.#ids.delete(containerId);
    this.#ids.add(containerId);
    if (this.#ids.size <= MAX_IDS) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  /** @returns true once for one that is back. */
  take(containerId: string): boolean {
    return this.#ids.delete(containerId);
  }
}
