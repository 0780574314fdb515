import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** The fields that only a {@link SyscallEvent} has. @public */
export interface SyscallDetails {
  /** As the kernel names it, e.g. `openat`. */
  readonly name: string;
}

/** What a new {@link SyscallEvent} is made of. @public */
export type SyscallEventInit = EventOriginInit & Partial<SyscallDetails>;

/**
 * A process made a system call.
 *
 * @public
 */
export class SyscallEvent extends ObservedEvent implements SyscallDetails {
  readonly kind: "syscall";
  readonly name: string;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: SyscallEventInit) {
    super(init);
    this.kind = "syscall";
    this.name = init.name ?? "";
  }
}
