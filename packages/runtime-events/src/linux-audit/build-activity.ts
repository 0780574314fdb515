import type { RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { buildExec } from "./build-exec.ts";
import { buildLink, buildOpen } from "./build-file.ts";
import { buildKernelCall } from "./build-kernel-call.ts";
import { buildEgress, buildIngress, buildListening, noteSocket } from "./build-network.ts";
import { buildSyscall } from "./build-syscall.ts";
import type { AuditEventBuilder } from "./event-builder.ts";
import type { LeftOut } from "./left-out.ts";

/** `CLONE_NEW...` of all namespaces that `clone` takes. */
const newNamespaces = 0x7e_02_00_00;

/** What a call means, by its name; one without a meaning of its own is told by its name. @internal */
export function buildActivity(builder: AuditEventBuilder, call: AuditCall): RuntimeEvent | LeftOut {
  switch (call.name) {
    case "execve":
    case "execveat":
      return buildExec(builder, call);
    case "open":
    case "openat":
    case "openat2":
    case "creat":
      return buildOpen(builder, call);
    case "link":
    case "linkat":
    case "symlink":
    case "symlinkat":
      return buildLink(builder, call);
    case "socket":
      return noteSocket(builder, call);
    case "connect":
    case "sendto":
    case "sendmsg":
    case "sendmmsg":
      return buildEgress(builder, call);
    case "accept":
    case "accept4":
      return buildIngress(builder, call);
    case "bind":
      return buildListening(builder, call);
    case "bpf":
      return buildKernelCall(builder, call, "bpf");
    case "ptrace":
      return buildKernelCall(builder, call, "ptrace");
    case "init_module":
    case "finit_module":
    case "delete_module":
      return buildKernelCall(builder, call, "kmod");
    case "unshare":
    case "setns":
      return buildKernelCall(builder, call, "unshare");
    case "clone":
      return (call.argument(0) & newNamespaces) === 0
        ? buildSyscall(builder, call)
        : buildKernelCall(builder, call, "unshare");
    case "io_uring":
    case "io_uring_setup":
    case "io_uring_enter":
    case "io_uring_register":
      return buildKernelCall(builder, call, "iouring");
    default:
      return buildSyscall(builder, call);
  }
}
