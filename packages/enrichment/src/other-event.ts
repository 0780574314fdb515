import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** The kinds that are counted and passed on with little more than their process: nothing here understands more of them. @public */
export type OtherEventKind = "kprobe" | "lsm" | "loader" | "tracepoint" | "uprobe" | "usdt" | "throttle" | "rateLimit";

/** What a new {@link OtherEvent} is made of. @public */
export type OtherEventInit = EventOriginInit & {
  readonly kind: OtherEventKind;
  readonly detail?: string;
  readonly policyName?: string;
  readonly droppedEvents?: number;
};

/**
 * Any event that no other class stands for: hooks that are not understood, and what a source says about itself.
 *
 * @public
 */
export class OtherEvent extends ObservedEvent {
  readonly kind: OtherEventKind;
  /**
   * Which hook: function name (kprobe, lsm), `subsys/event` (tracepoint), path (loader, uprobe, usdt),
   * `THROTTLE_START cgroup` / `THROTTLE_STOP cgroup` (throttle); empty when not given.
   */
  readonly detail: string;
  /** The policy that asked for it; empty when none did. */
  readonly policyName: string;
  /** rateLimit: how many events the source left out. 0 for all other kinds. */
  readonly droppedEvents: number;

  /** @param init - at least the kind and the sequence; what is left out is "absent" (empty, -1, 0). */
  constructor(init: OtherEventInit) {
    super(init);
    this.kind = init.kind;
    this.detail = init.detail ?? "";
    this.policyName = init.policyName ?? "";
    this.droppedEvents = init.droppedEvents ?? 0;
  }
}
