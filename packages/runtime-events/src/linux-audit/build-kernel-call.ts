import {
  KernelCallEvent,
  type KernelCallDetails,
  type KernelCallEventKind,
  type RuntimeEvent,
} from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { auditNumber } from "./audit-record.ts";
import type { ActivityContext } from "./activity-context.ts";
import type { LeftOut } from "./left-out.ts";

/** Calls to parts of the kernel that few programs need. @internal */
export function buildKernelCall(
  context: ActivityContext,
  call: AuditCall,
  kind: KernelCallEventKind,
): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  if (!context.wants(kind)) return "skipped";
  const origin = context.origin(call, context.locate(call, false));
  return new KernelCallEvent({ ...origin, kind, syscallName: call.name, ...detailsOf(context, call, kind) });
}

function detailsOf(context: ActivityContext, call: AuditCall, kind: KernelCallEventKind): Partial<KernelCallDetails> {
  switch (kind) {
    case "bpf":
      return { command: call.int(0), attrSize: call.unsignedInt(2) };
    case "kmod":
      return { module: call.event.moduleName };
    case "ptrace": {
      const traced = auditNumber(call.event.object, "opid");
      return { command: call.long(0), target: traced < 0 ? "" : context.binaryOf(traced) };
    }
    case "unshare":
      return { flagsRaw: namespaceFlags(call) };
    case "iouring":
      return { opcode: call.event.isUring ? auditNumber(call.event.syscall, "uring_op") : -1 };
    default:
      return {};
  }
}

function namespaceFlags(call: AuditCall): number {
  switch (call.name) {
    case "setns":
      return call.unsignedInt(1);
    case "clone":
      return call.unsignedInt(0);
    default:
      return call.long(0);
  }
}
