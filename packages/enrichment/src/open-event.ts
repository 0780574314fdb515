import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** One for all events without names: nothing is allocated for them. */
const noFlags: readonly string[] = [];

/** The fields that only an {@link OpenEvent} has. @public */
export interface OpenDetails {
  /** Absolute path as the kernel resolved it; empty when absent. */
  readonly path: string;
  /** Names of the open flags with the access mode first, e.g. `["O_RDONLY", "O_CLOEXEC"]`; empty when the source does not give them. */
  readonly flags: readonly string[];
  /** The flags as the system call got them; -1 when absent. */
  readonly flagsRaw: number;
}

/** What a new {@link OpenEvent} is made of. @public */
export type OpenEventInit = EventOriginInit & Partial<OpenDetails>;

/**
 * A process opened a file, or was let through to it.
 *
 * @public
 */
export class OpenEvent extends ObservedEvent implements OpenDetails {
  readonly kind: "open";
  readonly path: string;
  readonly flags: readonly string[];
  readonly flagsRaw: number;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: OpenEventInit) {
    super(init);
    this.kind = "open";
    this.path = init.path ?? "";
    this.flags = init.flags ?? noFlags;
    this.flagsRaw = init.flagsRaw ?? -1;
  }
}
