import type { ActivityEvent, ActivityEventKind } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import { decodeActivity } from "./decode-activity.ts";

type Args = readonly Record<string, unknown>[];

const origin = { sequence: 1, binary: "/bin/x" };

const kprobe = (name: string, args: Args, returned?: unknown): ActivityEvent | undefined =>
  decodeActivity(
    "kprobe",
    { function_name: name, args, ...(returned === undefined ? {} : { return: returned }) },
    origin,
  );

const lsm = (name: string, args: Args): ActivityEvent | undefined =>
  decodeActivity("lsm", { function_name: name, args }, origin);

const tracepoint = (subsys: string, event: string, args: Args): ActivityEvent | undefined =>
  decodeActivity("tracepoint", { subsys, event, args }, origin);

const file = (path: string, permission = "-rw-r--r--"): Record<string, unknown> => ({ file_arg: { path, permission } });
const ok = { int_arg: 0 };
const sock = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  sock_arg: {
    family: "AF_INET",
    type: "SOCK_STREAM",
    protocol: "IPPROTO_TCP",
    saddr: "10.0.0.1",
    daddr: "10.0.0.2",
    sport: 40_000,
    dport: 443,
    ...fields,
  },
});
const address = (addr: string, port: number): Record<string, unknown> => ({
  sockaddr_arg: { family: "AF_INET", addr, port },
});

describe("decodeActivity", () => {
  it.each<[string, Args, Record<string, unknown>]>([
    ["security_file_permission", [file("/etc/passwd"), { int_arg: 4 }], { flags: ["O_RDONLY"], flagsRaw: -1 }],
    ["security_file_permission", [file("/etc/passwd"), { int_arg: 2 }], { flags: ["O_WRONLY"] }],
    ["security_file_permission", [file("/etc/passwd"), { int_arg: 6 }], { flags: ["O_RDWR"] }],
    ["security_file_permission", [file("/etc/passwd"), { int_arg: 10 }], { flags: ["O_WRONLY", "O_APPEND"] }],
    ["security_file_permission", [file("/etc", "drwxr-xr-x"), { int_arg: 4 }], { flags: ["O_RDONLY", "O_DIRECTORY"] }],
    ["security_mmap_file", [file("/lib/x.so"), { uint_arg: 3 }], { path: "/lib/x.so", flags: ["O_RDONLY"] }],
    ["security_mmap_file", [file("/data"), { uint_arg: 2 }, { uint_arg: 1 }], { flags: ["O_RDWR"] }],
    ["security_path_truncate", [{ path_arg: { path: "/etc/motd" } }], { flags: ["O_WRONLY", "O_TRUNC"] }],
    [
      "security_file_open",
      [file("/etc/passwd"), { int_arg: 0o2100001, label: "flags" }],
      { flags: ["O_WRONLY", "O_CLOEXEC"], flagsRaw: 0o2100001 },
    ],
    ["fd_install", [{ int_arg: 3 }, file("/etc/passwd")], { path: "/etc/passwd", flags: [], flagsRaw: -1 }],
    [
      "__x64_sys_openat",
      [{ int_arg: -100 }, { string_arg: "/etc/passwd\0" }, { int_arg: 0o101 }, { int_arg: 0o644 }],
      { path: "/etc/passwd", flags: ["O_WRONLY", "O_CREAT"], flagsRaw: 0o101 },
    ],
    ["__arm64_sys_openat2", [{ int_arg: -100 }, { string_arg: "/a" }], { path: "/a", flags: [] }],
    ["__x64_sys_open", [{ string_arg: "/a" }, { int_arg: 0 }], { flags: ["O_RDONLY"] }],
    ["__x64_sys_creat", [{ string_arg: "/a" }, { int_arg: 0o644 }], { flags: ["O_WRONLY", "O_CREAT", "O_TRUNC"] }],
  ])("takes %s %j for an opened file [hooks open]", (name, args, fields) => {
    expect(kprobe(name, args, ok)).toMatchObject({ kind: "open", binary: "/bin/x", ...fields });
  });

  it.each<[string, string, Args, unknown]>([
    ["was refused", "security_file_permission", [file("/etc/shadow"), { int_arg: 4 }], { int_arg: -13 }],
    ["was refused by a security module", "security_file_open", [file("/etc/shadow")], { int_arg: 1 }],
    ["is no file", "security_file_permission", [file("pipe:[1]"), { int_arg: 4 }], ok],
    ["only passes through", "security_file_permission", [file("/etc", "drwxr-xr-x"), { int_arg: 1 }], ok],
    ["has a relative path", "__x64_sys_openat", [{ int_arg: 5 }, { string_arg: "a" }, { int_arg: 0 }], ok],
    ["could not be resolved", "fd_install", [{ file_arg: { path: "/a", flags: "unresolvedPathComponents" } }], ok],
    ["says nothing", "security_file_open", [], ok],
  ])("says nothing of a file that %s [hooks open]", (_, name, args, returned) => {
    expect(kprobe(name, args, returned)).toBeUndefined();
  });

  it.each<[string, Args, unknown, Record<string, unknown>]>([
    ["tcp_connect", [sock()], undefined, { direction: "egress", address: "10.0.0.2", port: 443, sourcePort: 40_000 }],
    ["tcp_connect", [sock({ daddr: "fd00::1" })], undefined, { address: "fd00::1" }],
    ["__x64_sys_connect", [{ int_arg: 3 }, address("1.2.3.4", 80)], ok, { address: "1.2.3.4", port: 80, protocol: "" }],
    ["security_socket_connect", [sock({ dport: 0 }), address("1.2.3.4", 80)], ok, { port: 80, protocol: "TCP" }],
    ["udp_sendmsg", [sock({ protocol: "IPPROTO_UDP", dport: 514 })], undefined, { port: 514, protocol: "UDP" }],
    [
      "ip_output",
      [{ skb_arg: { protocol: "IPPROTO_UDP", saddr: "10.0.0.1", daddr: "1.1.1.1", sport: 9, dport: 123 } }],
      undefined,
      { direction: "egress", address: "1.1.1.1", port: 123, sourcePort: 9, protocol: "UDP" },
    ],
    ["__x64_sys_sendto", [{ int_arg: 3 }, address("10.0.0.9", 123)], undefined, { port: 123, protocol: "UDP" }],
    [
      "inet_csk_listen_start",
      [sock({ saddr: "0.0.0.0", sport: 8080, dport: 0, daddr: "0.0.0.0" })],
      undefined,
      { direction: "ingress", address: "0.0.0.0", port: 8080, isListening: true, sourcePort: -1 },
    ],
    [
      "security_socket_bind",
      [sock({ protocol: "IPPROTO_UDP" }), address("0.0.0.0", 53)],
      ok,
      { direction: "ingress", port: 53, protocol: "UDP", isListening: true },
    ],
    [
      "inet_csk_accept",
      [],
      sock({ sport: 8080, dport: 41_000 }),
      { direction: "ingress", address: "10.0.0.2", port: 8080, sourcePort: 41_000, isListening: false },
    ],
    [
      "tcp_set_state",
      [sock({ state: "TCP_SYN_RECV", sport: 8080, dport: 41_000 }), { int_arg: 1, label: "state" }],
      undefined,
      { direction: "ingress", address: "10.0.0.2", port: 8080, sourcePort: 41_000 },
    ],
    [
      "__cgroup_bpf_run_filter_skb",
      [
        sock(),
        { skb_arg: { protocol: "IPPROTO_UDP", saddr: "1.1.1.1", daddr: "10.0.0.1", sport: 9, dport: 8 } },
        { int_arg: 0 },
      ],
      undefined,
      { direction: "ingress", address: "1.1.1.1", port: 8, sourcePort: 9, protocol: "UDP" },
    ],
  ])("takes %s %j for a conversation [hooks network]", (name, args, returned, fields) => {
    expect(kprobe(name, args, returned)).toMatchObject({ kind: "network", ...fields });
  });

  it.each<[string, Args]>([
    ["tcp_sendmsg", [sock(), { int_arg: 84 }]],
    ["tcp_close", [sock()]],
    ["ip_output", [{ skb_arg: { protocol: "IPPROTO_TCP", daddr: "1.1.1.1", dport: 123 } }]],
    ["udp_sendmsg", [sock({ daddr: "0.0.0.0", dport: 0 })]],
    ["tcp_set_state", [sock({ state: "TCP_ESTABLISHED" }), { int_arg: 8 }]],
    ["security_socket_bind", [sock(), address("0.0.0.0", 80)]],
    ["security_socket_connect", [{ sockaddrun_arg: { path: "/run/x" } }]],
  ])("says nothing of %s, which begins nothing that is known [hooks network]", (name, args) => {
    expect(kprobe(name, args)).toBeUndefined();
  });

  it("tells links without the detours that a process writes into their paths [hooks kernel]", () => {
    const linked = (call: string, from: string, to: string, cwd: string): unknown =>
      decodeActivity(
        "kprobe",
        { function_name: call, args: [{ string_arg: from }, { string_arg: to }], process: { cwd } },
        { sequence: 1 },
      );
    const shadow = { oldPath: "/etc/shadow" };
    expect(linked("__x64_sys_symlink", "/etc/.//shadow", "/tmp/x", "/")).toMatchObject(shadow);
    expect(linked("__x64_sys_symlink", "../etc/shadow", "/tmp/x", "/srv")).toMatchObject(shadow);
    expect(linked("__x64_sys_symlink", "../etc/shadow", "x", "/tmp")).toMatchObject({ ...shadow, newPath: "/tmp/x" });
    expect(linked("__x64_sys_link", "etc/shadow", "/tmp/x", "/")).toMatchObject(shadow);
    expect(linked("__x64_sys_link", "etc/shadow", "x", "")).toMatchObject({ oldPath: "etc/shadow", newPath: "x" });
  });

  it("finds the name in a question to a name server [hooks dns]", () => {
    const question = (name: string, flags = 1): string =>
      Buffer.concat([
        Buffer.from([0, 7, flags, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ...name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
        Buffer.from([0, 0, 1, 0, 1]),
      ]).toString("base64");
    const args = (bytes: string): Args => [{ int_arg: 3 }, { bytes_arg: bytes }, address("10.96.0.10", 53)];
    expect(kprobe("__x64_sys_sendto", args(question("API.Example.com")))).toMatchObject({
      kind: "dns",
      name: "api.example.com.",
      protocol: "UDP",
      port: 53,
      addresses: [],
    });
    // An answer, or rubbish: only the datagram is left.
    expect(kprobe("__x64_sys_sendto", args(question("a.b", 0x81)))).toMatchObject({ kind: "network", port: 53 });
    expect(kprobe("__x64_sys_sendto", args("AAAA"))).toMatchObject({ kind: "network", port: 53 });
  });

  it("finds the name that a program asks its library for [hooks dns]", () => {
    const uprobe = (text: string): ActivityEvent | undefined =>
      decodeActivity("uprobe", { path: "/lib/libc.so.6", symbol: "getaddrinfo", args: [{ string_arg: text }] }, origin);
    expect(uprobe("Example.com")).toMatchObject({ kind: "dns", name: "example.com." });
    expect(uprobe("10.0.0.1")).toBeUndefined();
    expect(uprobe("::1")).toBeUndefined();
  });

  it.each<[string, Args, unknown, ActivityEventKind, Record<string, unknown>]>([
    [
      "cap_capable",
      [{ capability_arg: { value: 21, name: "CAP_SYS_ADMIN" } }],
      ok,
      "capabilities",
      { capability: "SYS_ADMIN" },
    ],
    [
      "cap_capable",
      [{ capability_arg: { value: 1, name: "DAC_OVERRIDE" } }],
      undefined,
      "capabilities",
      { capability: "DAC_OVERRIDE" },
    ],
    [
      "__x64_sys_symlinkat",
      [{ string_arg: "/a" }, { int_arg: 3 }, { string_arg: "b" }],
      ok,
      "symlink",
      { oldPath: "/a", newPath: "b" },
    ],
    [
      "__x64_sys_linkat",
      [{ int_arg: 3 }, { string_arg: "/a" }, { int_arg: 4 }, { string_arg: "/b" }, { int_arg: 0 }],
      undefined,
      "hardlink",
      { oldPath: "/a", newPath: "/b" },
    ],
    [
      "__x64_sys_bpf",
      [{ bpf_cmd_arg: "BPF_PROG_LOAD" }, { uint_arg: 144, label: "size" }],
      undefined,
      "bpf",
      { command: 5, attrSize: 144 },
    ],
    ["security_bpf", [{ int_arg: 0 }, { uint_arg: 72 }], ok, "bpf", { command: 0, attrSize: 72, syscallName: "bpf" }],
    [
      "bpf_check",
      [{ bpf_attr_arg: { ProgType: "BPF_PROG_TYPE_KPROBE", ProgName: "spy" } }],
      undefined,
      "bpf",
      { command: 5, target: "spy" },
    ],
    ["security_bpf_map_alloc", [{ bpf_map_arg: { MapName: "m" } }], undefined, "bpf", { command: 0, target: "m" }],
    [
      "do_init_module",
      [{ module_arg: { name: "evil" } }],
      undefined,
      "kmod",
      { syscallName: "init_module", module: "evil" },
    ],
    [
      "security_kernel_read_file",
      [file("/m.ko"), { int_arg: 2 }],
      ok,
      "kmod",
      { syscallName: "finit_module", module: "/m.ko" },
    ],
    [
      "security_kernel_module_request",
      [{ string_arg: "fs-xfs" }],
      ok,
      "kmod",
      { syscallName: "request_module", module: "fs-xfs" },
    ],
    [
      "free_module",
      [{ module_arg: { name: "evil" } }],
      undefined,
      "kmod",
      { syscallName: "delete_module", module: "evil" },
    ],
    ["__x64_sys_ptrace", [{ int_arg: 13, label: "request" }, { int_arg: 7 }], undefined, "ptrace", { command: 13 }],
    ["__x64_sys_ptrace", [{ int_arg: 13 }, { int_arg: 7 }], undefined, "ptrace", { command: 13 }],
    ["__x64_sys_ptrace", [{ int_arg: 7 }], undefined, "ptrace", { command: -1 }],
    [
      "__x64_sys_unshare",
      [{ int_arg: 0x10000000 }],
      undefined,
      "unshare",
      { syscallName: "unshare", flagsRaw: 0x10000000 },
    ],
    [
      "__x64_sys_setns",
      [{ int_arg: 3 }, { int_arg: 0x8000000 }],
      undefined,
      "unshare",
      { syscallName: "setns", flagsRaw: 0x8000000 },
    ],
    ["__x64_sys_clone", [{ size_arg: "268435473" }], undefined, "unshare", { syscallName: "clone" }],
    [
      "__x64_sys_io_uring_setup",
      [{ uint_arg: 8 }],
      undefined,
      "iouring",
      { syscallName: "io_uring_setup", opcode: -1 },
    ],
  ])("understands %s %j [hooks kernel]", (name, args, returned, kind, fields) => {
    expect(kprobe(name, args, returned)).toMatchObject({ kind, ...fields });
  });

  it.each<[string, Args, unknown]>([
    ["cap_capable", [{ capability_arg: { value: 34, name: "CAP_SYSLOG" } }], { int_arg: -1 }],
    ["cap_capable", [{ capability_arg: { value: 21, name: "CAP_SYS_ADMIN" } }, { int_arg: 2, label: "opts" }], ok],
    ["security_kernel_read_file", [file("/fw.bin"), { int_arg: 1 }], ok],
    ["__x64_sys_clone", [{ size_arg: "17" }], undefined],
    ["__x64_sys_symlink", [{ string_arg: "/a" }, { string_arg: "/b" }], { int_arg: -17 }],
    ["commit_creds", [{ process_credentials_arg: { uid: 0 } }], undefined],
  ])("says nothing of %s %j with %j [hooks kernel]", (name, args, returned) => {
    expect(kprobe(name, args, returned)).toBeUndefined();
  });

  it("reads security hooks of lsm policies as their functions [hooks lsm]", () => {
    expect(lsm("file_open", [file("/etc/passwd")])).toMatchObject({ kind: "open", path: "/etc/passwd" });
    expect(lsm("capable", [{ capability_arg: { name: "CAP_BPF" } }])).toMatchObject({ kind: "capabilities" });
    expect(lsm("userns_create", [])).toMatchObject({ kind: "unshare", syscallName: "security_create_user_ns" });
    // The execution itself comes anyway.
    expect(lsm("bprm_check_security", [{ linux_binprm_arg: { path: "/bin/ls" } }])).toBeUndefined();
  });

  it("reads system calls by number and machine [hooks tracepoint]", () => {
    const enter = (arg: Record<string, unknown>): ActivityEvent | undefined =>
      tracepoint("raw_syscalls", "sys_enter", [arg]);
    expect(enter({ syscall_id: { id: 257, abi: "x64" } })).toMatchObject({ kind: "syscall", name: "openat" });
    expect(enter({ syscall_id: { abi: "x64" } })).toMatchObject({ name: "read" });
    expect(enter({ syscall_id: { id: 56, abi: "arm64" } })).toMatchObject({ name: "openat" });
    expect(enter({ syscall_id: { id: 11, abi: "i386" } })).toBeUndefined();
    expect(enter({ syscall_id: { id: 9999, abi: "x64" } })).toBeUndefined();
    expect(enter({ long_arg: "0" })).toMatchObject({
      kind: "syscall",
      name: process.arch === "arm64" ? "io_setup" : "read",
    });
    expect(tracepoint("syscalls", "sys_enter_unshare", [{ size_arg: "131072" }])).toMatchObject({ kind: "unshare" });
    expect(tracepoint("io_uring", "io_uring_submit_req", [{ uint_arg: 22, label: "opcode" }])).toMatchObject({
      kind: "iouring",
      opcode: 22,
    });
    expect(tracepoint("sched", "sched_process_exec", [])).toBeUndefined();
  });

  it("takes a loaded shared object for a file that was read [hooks loader]", () => {
    expect(decodeActivity("loader", { path: "/lib/libc.so.6" }, origin)).toMatchObject({
      kind: "open",
      path: "/lib/libc.so.6",
      flags: ["O_RDONLY"],
    });
  });
});
