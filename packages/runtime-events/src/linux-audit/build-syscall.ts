import { SyscallEvent, type RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import type { AuditEventBuilder } from "./event-builder.ts";
import type { LeftOut } from "./left-out.ts";

/** The bare fact that a call was made, successful or not. @internal */
export function buildSyscall(builder: AuditEventBuilder, call: AuditCall): RuntimeEvent | LeftOut {
  if (!builder.wants("syscall")) return "skipped";
  return new SyscallEvent({ ...builder.origin(call, builder.locate(call, false)), name: call.name });
}
