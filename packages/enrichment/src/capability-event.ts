import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** The fields that only a {@link CapabilityEvent} has. @public */
export interface CapabilityDetails {
  /** Without its prefix, e.g. `SYS_ADMIN`. */
  readonly capability: string;
  /** The system call that needed it; empty when the source does not give it. */
  readonly syscall: string;
}

/** What a new {@link CapabilityEvent} is made of. @public */
export type CapabilityEventInit = EventOriginInit & Partial<CapabilityDetails>;

/**
 * The kernel was asked whether a process has a capability.
 *
 * @public
 */
export class CapabilityEvent extends ObservedEvent implements CapabilityDetails {
  readonly kind: "capabilities";
  readonly capability: string;
  readonly syscall: string;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: CapabilityEventInit) {
    super(init);
    this.kind = "capabilities";
    this.capability = init.capability ?? "";
    this.syscall = init.syscall ?? "";
  }
}
