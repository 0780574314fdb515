import {
  KernelCallEvent,
  type KernelCallDetails,
  type KernelCallEventKind,
  type RuntimeEvent,
} from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { auditNumber } from "./audit-record.ts";
import type { AuditEventBuilder } from "./event-builder.ts";
import type { LeftOut } from "./left-out.ts";

/** Calls to parts of the kernel that few programs need. @internal */
export function buildKernelCall(
  builder: AuditEventBuilder,
  call: AuditCall,
  kind: KernelCallEventKind,
): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  if (!builder.wants(kind)) return "skipped";
  const origin = builder.origin(call, builder.locate(call, false));
  return new KernelCallEvent({ ...origin, kind, syscallName: call.name, ...detailsOf(builder, call, kind) });
}

function detailsOf(builder: AuditEventBuilder, call: AuditCall, kind: KernelCallEventKind): Partial<KernelCallDetails> {
  switch (kind) {
    case "bpf":
      return { command: call.argument(0), attrSize: call.argument(2) };
    case "kmod":
      return { module: call.event.moduleName };
    case "ptrace": {
      const traced = auditNumber(call.event.object, "opid");
      return { command: call.argument(0), target: traced < 0 ? "" : builder.binaryOf(traced) };
    }
    case "unshare":
      return { flagsRaw: call.argument(call.name === "setns" ? 1 : 0) };
    case "iouring":
      return { opcode: call.event.isUring ? auditNumber(call.event.syscall, "uring_op") : -1 };
    default:
      return {};
  }
}
