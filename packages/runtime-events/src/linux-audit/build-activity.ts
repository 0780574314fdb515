import type { RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { buildExec } from "./build-exec.ts";
import { buildLink, buildOpen } from "./build-file.ts";
import { buildKernelCall } from "./build-kernel-call.ts";
import { buildEgress, buildIngress, buildListening, noteSocket } from "./build-network.ts";
import { buildSyscall } from "./build-syscall.ts";
import type { ActivityContext } from "./activity-context.ts";
import type { LeftOut } from "./left-out.ts";

/** `CLONE_NEW...` of all namespaces that `clone` takes. */
const newNamespaces = 0x7e_02_00_00;

/** What a call means, by its name; one without a meaning of its own is told by its name. @internal */
export function buildActivity(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  switch (call.name) {
    case "execve":
    case "execveat":
      return buildExec(context, call);
    case "open":
    case "openat":
    case "openat2":
    case "creat":
      return buildOpen(context, call);
    case "link":
    case "linkat":
    case "symlink":
    case "symlinkat":
      return buildLink(context, call);
    case "socket":
      return noteSocket(context, call);
    case "connect":
    case "sendto":
    case "sendmsg":
    case "sendmmsg":
      return buildEgress(context, call);
    case "accept":
    case "accept4":
      return buildIngress(context, call);
    case "bind":
      return buildListening(context, call);
    case "socketcall":
      return buildSocketCall(context, call);
    case "bpf":
      return buildKernelCall(context, call, "bpf");
    case "ptrace":
      return buildKernelCall(context, call, "ptrace");
    case "init_module":
    case "finit_module":
    case "delete_module":
      return buildKernelCall(context, call, "kmod");
    case "unshare":
    case "setns":
      return buildKernelCall(context, call, "unshare");
    case "clone":
      // An `unsigned long` of which the kernel takes the lower half.
      return (call.unsignedInt(0) & newNamespaces) === 0
        ? buildSyscall(context, call)
        : buildKernelCall(context, call, "unshare");
    case "io_uring":
    case "io_uring_setup":
    case "io_uring_enter":
    case "io_uring_register":
      return buildKernelCall(context, call, "iouring");
    default:
      return buildSyscall(context, call);
  }
}

/** How 32-bit programs may do what the others have calls of their own for; its first argument says which. */
function buildSocketCall(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  switch (call.int(0)) {
    case 2:
      return buildListening(context, call);
    case 3:
    case 11:
    case 16:
    case 20:
      return buildEgress(context, call);
    case 5:
    case 18:
      return buildIngress(context, call);
    default:
      return "unused";
  }
}
