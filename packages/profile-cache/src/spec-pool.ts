import type { ContainerProfileSpec } from "@kinglet/profile";

import { SharedSpec } from "./shared-spec.ts";

/**
 * Keeps one copy of each distinct spec, as long as somebody uses it.
 *
 * @internal
 */
export class SpecPool {
  readonly #specs = new Map<string, SharedSpec>();

  /** How many distinct specs are in use. */
  get size(): number {
    return this.#specs.size;
  }

  /** The one copy of this content; every call is one use, to be given back with {@link release}. */
  acquire(checksum: string, spec: ContainerProfileSpec): SharedSpec {
    let shared = this.#specs.get(checksum);
    if (shared === undefined) {
      shared = new SharedSpec(checksum, spec);
      this.#specs.set(checksum, shared);
    }
    shared.users += 1;
    return shared;
  }

  release(shared: SharedSpec): void {
    shared.users -= 1;
    if (shared.users === 0) this.#specs.delete(shared.checksum);
  }
}
