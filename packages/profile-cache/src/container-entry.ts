import type { ContainerRef } from "./container-ref.ts";

/**
 * One container and the profile that it shares. Kept this small because there is one per container.
 *
 * @internal
 */
export class ContainerEntry<Binding> {
  ref: ContainerRef;
  binding: Binding;
  /** When it was added or removed, wall clock, milliseconds. */
  sinceMs: number;
  /** When a removed container is forgotten, monotonic milliseconds; 0 while it runs. */
  graceEndMs = 0;
  /**
   * Why it leaves, or when its pod was first missing: `removed` by the owner, `ended` as its pod says (taken back when it runs again, and
   * forgotten only when a look after the grace says so again); a number is the monotonic time since when the pod is not known.
   */
  mark: "" | "removed" | "ended" | number = "";
  /** The container that was bound before it, see `ProfileBinding.link`. */
  older: ContainerEntry<Binding> | undefined = undefined;
  newer: ContainerEntry<Binding> | undefined = undefined;

  constructor(ref: ContainerRef, binding: Binding, sinceMs: number) {
    this.ref = ref;
    this.binding = binding;
    this.sinceMs = sinceMs;
  }
}
