import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** What a new {@link ExitEvent} is made of. @public */
export type ExitEventInit = EventOriginInit & { readonly signal?: string; readonly status?: number };

/**
 * A process ended. There may be no execution for it: a process that only forked ends too, and events overtake each other.
 *
 * @public
 */
export class ExitEvent extends ObservedEvent {
  readonly kind: "exit";
  /** Name of the signal that ended it, e.g. `SIGKILL`; empty when none did. */
  readonly signal: string;
  /** Exit status, 0 ... 255. */
  readonly status: number;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1, status 0). */
  constructor(init: ExitEventInit) {
    super(init);
    this.kind = "exit";
    this.signal = init.signal ?? "";
    this.status = init.status ?? 0;
  }
}
