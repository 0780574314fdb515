import type { CapabilityEvent } from "./capability-event.ts";
import type { DnsEvent } from "./dns-event.ts";
import type { ExecEvent } from "./exec-event.ts";
import type { ExitEvent } from "./exit-event.ts";
import type { KernelCallEvent } from "./kernel-call-event.ts";
import type { LinkEvent } from "./link-event.ts";
import type { NetworkEvent } from "./network-event.ts";
import type { OpenEvent } from "./open-event.ts";
import type { OtherEvent } from "./other-event.ts";
import type { SyscallEvent } from "./syscall-event.ts";

/**
 * What a process did: this is learned and judged.
 *
 * @public
 */
export type ActivityEvent =
  | ExecEvent
  | OpenEvent
  | NetworkEvent
  | DnsEvent
  | CapabilityEvent
  | SyscallEvent
  | LinkEvent
  | KernelCallEvent;

/**
 * What happened on a node, as every source reports it; told apart by `kind`.
 *
 * @public
 */
export type RuntimeEvent = ActivityEvent | ExitEvent | OtherEvent;

/** All kinds of {@link ActivityEvent}. @public */
export type ActivityEventKind = ActivityEvent["kind"];

/** All kinds of {@link RuntimeEvent}. @public */
export type RuntimeEventKind = RuntimeEvent["kind"];
