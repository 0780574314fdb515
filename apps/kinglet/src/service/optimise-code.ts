import type { EventEmitter } from "node:events";

/**
 * Lets V8 optimise code from now on. In the executable that is held back (`build/sea-prelude.cjs`), because the optimiser costs memory that never comes back; run from a bundle
 * nothing is held back, and nothing happens.
 *
 * @internal
 */
export function optimiseCode(process: NodeJS.Process): void {
  (process as EventEmitter).emit("kinglet:busy");
}
