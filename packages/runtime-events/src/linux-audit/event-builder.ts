// Hot path: `build` runs once per event of the kernel.
import type { RuntimeEvent, RuntimeEventKind } from "@kinglet/enrichment";
import { ActivityContext, type ActivityContextOptions } from "./activity-context.ts";
import { AuditCall } from "./audit-call.ts";
import { auditField } from "./audit-record.ts";
import { decodeAuditValue } from "./audit-value.ts";
import { buildActivity } from "./build-activity.ts";
import { buildSyscall } from "./build-syscall.ts";
import type { JoinedEvent } from "./joined-event.ts";
import type { LeftOut } from "./left-out.ts";

/**
 * Makes an internal event of a joined one.
 *
 * @internal
 */
export class AuditEventBuilder {
  readonly #context: ActivityContext;

  constructor(options: ActivityContextOptions) {
    this.#context = new ActivityContext(options);
  }

  /** The kind of the last event that was "skipped". */
  get skippedKind(): RuntimeEventKind {
    return this.#context.skippedKind;
  }

  /** @param sequence - given to the event if it becomes one. */
  build(event: JoinedEvent, sequence: number, nowMs: number): RuntimeEvent | LeftOut {
    if (event.syscall === "") return "headless";
    const call = new AuditCall(event);
    if (call.name === "") return "unknown";
    this.#context.sequence = sequence;
    this.#context.nowMs = nowMs;
    // A rule with this word in its key asks for calls by name, whatever else is known of them.
    const isNamedOnly = decodeAuditValue(auditField(event.syscall, "key")).includes("syscall");
    return isNamedOnly ? buildSyscall(this.#context, call) : buildActivity(this.#context, call);
  }
}
