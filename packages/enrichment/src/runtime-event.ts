import type { ExecEvent } from "./exec-event.ts";
import type { ExitEvent } from "./exit-event.ts";
import type { OtherEvent } from "./other-event.ts";

/**
 * What happened on a node, as every source reports it; told apart by `kind`.
 *
 * @public
 */
export type RuntimeEvent = ExecEvent | ExitEvent | OtherEvent;

/** All kinds of {@link RuntimeEvent}. @public */
export type RuntimeEventKind = RuntimeEvent["kind"];
