import { SyscallEvent, type RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import type { ActivityContext } from "./activity-context.ts";
import type { LeftOut } from "./left-out.ts";

/** The bare fact that a call was made, successful or not. @internal */
export function buildSyscall(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!context.wants("syscall")) return "skipped";
  return new SyscallEvent({ ...context.origin(call, context.locate(call, false)), name: call.name });
}
