import type { ActivityEvent, ActivityEventKind } from "@kinglet/enrichment";
import { readLookUp } from "./dns-question.ts";
import type { HookCall } from "./hook-call.ts";
import {
  readBpf,
  readBpfMap,
  readBpfProgram,
  readCapability,
  readClone,
  readHardlink,
  readIoUring,
  readModuleEnd,
  readModuleFile,
  readModuleRequest,
  readModuleStart,
  readPtrace,
  readSetns,
  readSymlink,
  readSyscall,
  readUnshare,
  readUserNamespace,
} from "./kernel-hooks.ts";
import {
  readAccept,
  readBind,
  readConnect,
  readDatagram,
  readDatagramPacket,
  readListen,
  readPacket,
  readSendTo,
  readSocketConnect,
  readTcpState,
} from "./network-hooks.ts";
import {
  readCreat,
  readFilePermission,
  readMappedFile,
  readOpen,
  readOpenAt,
  readOpenedFile,
  readTruncatedPath,
} from "./open-hooks.ts";

/** What a hooked function tells. @internal */
export interface Hook {
  /** The kind its events have; `dns` may come from a hook of `network`. */
  readonly kind: ActivityEventKind;
  /** @returns undefined when this call is no activity, failed, or was not written down well enough to say. */
  readonly read: (call: HookCall) => ActivityEvent | undefined;
}

/**
 * Every function, tracepoint (`subsystem/event`) and library function (`symbol()`) that is understood: THE table.
 *
 * System calls stand here without their machine's prefix (`__x64_sys_openat` is `sys_openat`), security hooks with theirs, whether
 * a kprobe or an lsm policy reports them (`file_open` is `security_file_open`). What is not here, and what is here but tells
 * nothing new (`tcp_close`, `tcp_sendmsg`, `security_bprm_check`: executions come by themselves), stays an `OtherEvent`.
 *
 * @see cilium/tetragon v1.7.0 `examples/tracingpolicy`, `pkg/grpc/tracing/tracing.go` (shape of the arguments)
 * @internal
 */
export const hooks: ReadonlyMap<string, Hook> = new Map<string, Hook>([
  ["security_file_open", { kind: "open", read: readOpenedFile }],
  ["security_file_permission", { kind: "open", read: readFilePermission }],
  ["security_mmap_file", { kind: "open", read: readMappedFile }],
  ["security_path_truncate", { kind: "open", read: readTruncatedPath }],
  ["fd_install", { kind: "open", read: readOpenedFile }],
  ["sys_open", { kind: "open", read: readOpen }],
  ["sys_openat", { kind: "open", read: readOpenAt }],
  ["sys_openat2", { kind: "open", read: readOpenAt }],
  ["sys_creat", { kind: "open", read: readCreat }],
  ["tcp_connect", { kind: "network", read: readConnect }],
  ["security_socket_connect", { kind: "network", read: readSocketConnect }],
  ["sys_connect", { kind: "network", read: readSocketConnect }],
  ["udp_sendmsg", { kind: "network", read: readDatagram }],
  ["udpv6_sendmsg", { kind: "network", read: readDatagram }],
  ["ip_output", { kind: "network", read: readDatagramPacket }],
  ["ip6_output", { kind: "network", read: readDatagramPacket }],
  ["sys_sendto", { kind: "dns", read: readSendTo }],
  ["inet_csk_listen_start", { kind: "network", read: readListen }],
  ["inet_listen", { kind: "network", read: readListen }],
  ["security_socket_listen", { kind: "network", read: readListen }],
  ["security_socket_bind", { kind: "network", read: readBind }],
  ["inet_csk_accept", { kind: "network", read: readAccept }],
  ["tcp_set_state", { kind: "network", read: readTcpState }],
  ["__cgroup_bpf_run_filter_skb", { kind: "network", read: readPacket }],
  ["getaddrinfo()", { kind: "dns", read: readLookUp }],
  ["gethostbyname()", { kind: "dns", read: readLookUp }],
  ["cap_capable", { kind: "capabilities", read: readCapability }],
  ["security_capable", { kind: "capabilities", read: readCapability }],
  ["raw_syscalls/sys_enter", { kind: "syscall", read: readSyscall }],
  ["sys_symlink", { kind: "symlink", read: readSymlink }],
  ["sys_symlinkat", { kind: "symlink", read: readSymlink }],
  ["sys_link", { kind: "hardlink", read: readHardlink }],
  ["sys_linkat", { kind: "hardlink", read: readHardlink }],
  ["sys_bpf", { kind: "bpf", read: readBpf }],
  ["security_bpf", { kind: "bpf", read: readBpf }],
  ["bpf_check", { kind: "bpf", read: readBpfProgram }],
  ["security_bpf_prog_load", { kind: "bpf", read: readBpfProgram }],
  ["security_bpf_map_alloc", { kind: "bpf", read: readBpfMap }],
  ["security_kernel_module_request", { kind: "kmod", read: readModuleRequest }],
  ["security_kernel_read_file", { kind: "kmod", read: readModuleFile }],
  ["do_init_module", { kind: "kmod", read: readModuleStart }],
  ["free_module", { kind: "kmod", read: readModuleEnd }],
  ["sys_delete_module", { kind: "kmod", read: readModuleEnd }],
  ["sys_ptrace", { kind: "ptrace", read: readPtrace }],
  ["sys_unshare", { kind: "unshare", read: readUnshare }],
  ["sys_setns", { kind: "unshare", read: readSetns }],
  ["sys_clone", { kind: "unshare", read: readClone }],
  ["create_user_ns", { kind: "unshare", read: readUserNamespace }],
  ["security_create_user_ns", { kind: "unshare", read: readUserNamespace }],
  ["sys_io_uring_setup", { kind: "iouring", read: readIoUring }],
  ["sys_io_uring_enter", { kind: "iouring", read: readIoUring }],
  ["sys_io_uring_register", { kind: "iouring", read: readIoUring }],
  ["io_uring/io_uring_submit_req", { kind: "iouring", read: readIoUring }],
  ["io_uring/io_uring_submit_sqe", { kind: "iouring", read: readIoUring }],
]);
