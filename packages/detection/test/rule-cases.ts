import {
  CapabilityEvent,
  DnsEvent,
  ExecEvent,
  KernelCallEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  SyscallEvent,
  type ActivityEvent,
  type EventOriginInit,
} from "@kinglet/enrichment";

/** What a rule is held against. */
export interface RuleCase {
  readonly ruleId: string;
  readonly title: string;
  readonly event: ActivityEvent;
  /** Spec of the container's profile; absent: the one of {@link learned}; null: none. */
  readonly spec?: object | null;
  readonly isAlert: boolean;
}

/** A profile with something on every surface. */
export const learned: object = {
  execs: [{ path: "/usr/sbin/nginx", args: ["nginx", "-g", "daemon off;"] }, { path: "/bin/ls" }],
  opens: [
    { path: "/etc/nginx/nginx.conf", flags: ["O_RDONLY"] },
    { path: "/var/lib/nginx/\u22ef", flags: ["O_RDWR"] },
  ],
  syscalls: ["read", "write", "openat"],
  capabilities: ["NET_BIND_SERVICE"],
  egress: [
    {
      identifier: "a",
      type: "external",
      dnsNames: ["api.example.com."],
      ipAddress: "203.0.113.5",
      ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
    },
    { identifier: "b", type: "internal", ipAddress: "10.96.0.1", ports: [] },
  ],
};

const origin: EventOriginInit = {
  sequence: 1,
  time: "2026-01-01T00:00:00Z",
  execId: "e1",
  pid: 7,
  uid: 0,
  binary: "/usr/sbin/nginx",
  parentBinary: "/usr/sbin/nginx",
  parentPid: 1,
};
const exec = (binary: string, init: object = {}): ActivityEvent =>
  new ExecEvent({ ...origin, binary, argv: [binary], cwd: "/", ...init });
const open = (path: string, flags: readonly string[] = ["O_RDONLY"]): ActivityEvent =>
  new OpenEvent({ ...origin, path, flags });
const call = (address: string, port: number, init: object = {}): ActivityEvent =>
  new NetworkEvent({ ...origin, address, port, protocol: "TCP", direction: "egress", ...init });
const dns = (name: string): ActivityEvent => new DnsEvent({ ...origin, name });
const kernel = (kind: KernelCallEvent["kind"], init: object = {}): ActivityEvent =>
  new KernelCallEvent({ ...origin, kind, ...init });
const link = (kind: LinkEvent["kind"], oldPath: string): ActivityEvent =>
  new LinkEvent({ ...origin, kind, oldPath, newPath: "/tmp/x" });

const yes = (ruleId: string, title: string, event: ActivityEvent, spec?: object | null): RuleCase =>
  spec === undefined ? { ruleId, title, event, isAlert: true } : { ruleId, title, event, spec, isAlert: true };
const no = (ruleId: string, title: string, event: ActivityEvent, spec?: object | null): RuleCase => ({
  ...yes(ruleId, title, event, spec),
  isAlert: false,
});

const token = "/run/secrets/kubernetes.io/serviceaccount/..2026_01_01/token";

/** At least one case that alerts and one that does not for every rule of the pack. */
export const ruleCases: readonly RuleCase[] = [
  yes("R0001", "a program outside the profile", exec("/bin/sh")),
  no("R0001", "a program of the profile", exec("/bin/ls")),
  no("R0001", "no profile", exec("/bin/sh"), null),

  yes("R0002", "a file below a watched folder", open("/etc/passwd")),
  yes("R0002", "a single watched file", open("/.dockerenv")),
  no("R0002", "a file of the profile", open("/etc/nginx/nginx.conf")),
  no("R0002", "a file that a wildcard of the profile covers", open("/var/lib/nginx/body")),
  no("R0002", "a token", open(token)),
  no("R0002", "a file elsewhere", open("/srv/data")),
  no("R0002", "a folder whose name only begins alike", open("/etcetera/x")),
  no("R0002", "a watched folder itself", open("/etc"), {}),

  yes("R0003", "a system call outside the profile", new SyscallEvent({ ...origin, name: "mount" })),
  no("R0003", "a system call of the profile", new SyscallEvent({ ...origin, name: "read" })),

  yes("R0004", "a capability outside the profile", new CapabilityEvent({ ...origin, capability: "SYS_ADMIN" })),
  no("R0004", "a capability of the profile", new CapabilityEvent({ ...origin, capability: "NET_BIND_SERVICE" })),

  yes("R0005", "a name outside the profile", dns("evil.example.org.")),
  no("R0005", "a name of the profile", dns("api.example.com.")),
  no("R0005", "a name of the cluster", dns("db.shop.svc.cluster.local.")),

  yes("R0006", "a token", open(token)),
  yes("R0006", "a token of the cloud", open("/var/run/secrets/eks.amazonaws.com/serviceaccount/token")),
  no("R0006", "another file beside the token", open("/run/secrets/kubernetes.io/serviceaccount/namespace")),
  no("R0006", "a token, and the profile has the folder", open(token), {
    opens: [{ path: "/run/secrets/kubernetes.io/serviceaccount/\u22ef/token", flags: ["O_RDONLY"] }],
  }),
  no("R0006", "no profile", open(token), null),

  yes("R0007", "kubectl", exec("/usr/local/bin/kubectl")),
  no("R0007", "a program whose name only contains it", exec("/usr/local/bin/kubectl-wrapper")),
  no("R0007", "kubectl, and the profile has it", exec("/usr/bin/kubectl"), { execs: [{ path: "/usr/bin/kubectl" }] }),
  yes("R0007", "the API server", call("10.96.0.1", 443), {}),
  no("R0007", "the API server, and the profile has it", call("10.96.0.1", 443)),
  no("R0007", "another address", call("10.1.2.3", 443), {}),
  no("R0007", "the API server calls", call("10.96.0.1", 8443, { direction: "ingress" }), {}),

  yes("R0008", "the environment of a process", open("/proc/1/environ")),
  no("R0008", "the environment, and the profile has one", open("/proc/1/environ"), {
    opens: [{ path: "/proc/\u22ef/environ", flags: ["O_RDONLY"] }],
  }),
  no("R0008", "another file of a process", open("/proc/1/status")),

  yes("R0009", "a program for eBPF", kernel("bpf", { syscallName: "bpf", command: 5 })),
  yes("R0009", "a program for eBPF without a profile", kernel("bpf", { syscallName: "bpf", command: 5 }), null),
  no("R0009", "a map", kernel("bpf", { syscallName: "bpf", command: 0 })),
  no("R0009", "a program, and the profile has bpf", kernel("bpf", { syscallName: "bpf", command: 5 }), {
    syscalls: ["bpf"],
  }),
  no("R0009", "a command that nobody saw", kernel("bpf", { syscallName: "bpf" })),

  yes("R0010", "password hashes", open("/etc/shadow")),
  yes("R0010", "old password hashes without a profile", open("/etc/shadow-"), null),
  no("R0010", "password hashes of the profile", open("/etc/shadow"), {
    opens: [{ path: "/etc/shadow", flags: ["O_RDONLY"] }],
  }),
  no("R0010", "another file", open("/etc/passwd")),

  yes("R0011", "a public address outside the profile", call("198.51.100.7", 443)),
  no("R0011", "a public address of the profile", call("203.0.113.5", 443)),
  no("R0011", "a private address", call("192.168.7.7", 443)),
  no("R0011", "a public address calls", call("198.51.100.7", 80, { direction: "ingress" })),

  yes("R0040", "other arguments", exec("/usr/sbin/nginx", { argv: ["nginx", "-s", "stop"] })),
  no("R0040", "the arguments of the profile", exec("/usr/sbin/nginx", { argv: ["nginx", "-g", "daemon off;"] })),
  no("R0040", "a program outside the profile", exec("/bin/sh", { argv: ["sh", "-c", "id"] })),
  no(
    "R0040",
    "arguments that nobody could tell",
    exec("/usr/sbin/nginx", { argv: undefined, args: '-g "a b" "', isTruncated: true }),
  ),

  yes("R1000", "a program in shared memory", exec("/dev/shm/x"), null),
  yes("R1000", "a program run from shared memory", exec("/bin/ls", { cwd: "/dev/shm/work" })),
  yes("R1000", "a program named through shared memory", exec("/bin/busybox", { argv: ["/dev/shm/sh"] })),
  yes("R1000", "a program below the working folder", exec("/proc/self/cwd/shm/x", { cwd: "/dev" })),
  yes("R1000", "a program beside the working folder", exec("/proc/77/cwd/../shm/x", { cwd: "/dev/pts" })),
  no("R1000", "a program elsewhere", exec("/bin/ls")),
  no("R1000", "a program below a working folder elsewhere", exec("/proc/self/cwd/shm/x", { cwd: "/srv/dev" })),
  no("R1000", "a folder whose name only begins alike", exec("/dev/shmem/x", { cwd: "/dev/shmem" })),

  yes("R1001", "a program of the writable layer", exec("/tmp/x", { isUpperLayer: true })),
  no("R1001", "a program of the image", exec("/tmp/x", { isUpperLayer: false })),
  no("R1001", "a layer that nobody saw", exec("/tmp/x")),
  no("R1001", "a program of the profile", exec("/bin/ls", { isUpperLayer: true })),

  yes("R1002", "a module", kernel("kmod", { syscallName: "finit_module", module: "evil" }), null),
  yes("R1002", "a module from memory", kernel("kmod", { syscallName: "init_module", module: "evil" })),
  no("R1002", "a module that leaves", kernel("kmod", { syscallName: "delete_module", module: "evil" })),

  yes("R1003", "ssh to an unusual port", call("198.51.100.7", 4444, { binary: "/usr/bin/ssh", sourcePort: 40_000 })),
  no("R1003", "ssh to its own port", call("198.51.100.7", 22, { binary: "/usr/bin/ssh" })),
  no("R1003", "another program", call("198.51.100.7", 4444)),
  no("R1003", "ssh to a host of the profile", call("203.0.113.5", 4444, { binary: "/usr/bin/ssh" })),

  yes("R1004", "a program on a volume", exec("/data/bin/x")),
  yes("R1004", "a program on a volume whose path ends in a slash", exec("/srv/x")),
  yes("R1004", "a program on a volume, past another folder", exec("/usr/../data/x")),
  yes("R1004", "a program on a volume, through the root of a process", exec("/proc/self/root/data/x")),
  yes("R1004", "a program below the working folder", exec("/proc/self/cwd/x", { cwd: "/data" })),
  yes("R1004", "a program below the working folder of a thread", exec("/proc/thread-self/cwd/bin/x", { cwd: "/srv" })),
  yes("R1004", "a program on a volume as it was told, where a link may lead elsewhere", exec("/data/link/../../bin/x")),
  yes("R1004", "a program on a volume whose path was learned another way", exec("/usr/../data/x"), {
    execs: [{ path: "/data/x" }],
  }),
  no("R1004", "a program elsewhere", exec("/bin/sh")),
  no("R1004", "a program elsewhere, past another folder", exec("/usr/../database/x")),
  no("R1004", "a program below a working folder elsewhere", exec("/proc/self/cwd/data/x", { cwd: "/opt" })),
  no("R1004", "a program that the profile has with its detour", exec("/proc/self/cwd/x", { cwd: "/data" }), {
    execs: [{ path: "/proc/self/cwd/x" }],
  }),
  no("R1004", "a folder whose name only begins alike", exec("/database/x")),
  no("R1004", "a program of the profile", exec("/data/bin/x"), { execs: [{ path: "/data/bin/x" }] }),

  yes("R1005", "a program in memory", exec("memfd:x"), null),
  yes("R1005", "a program in memory, as the kernel names it", exec("/memfd:x (deleted)"), null),
  yes("R1005", "a program through a descriptor", exec("/proc/self/fd/5")),
  yes("R1005", "a program through a descriptor of another process", exec("/proc/123/fd/5")),
  yes("R1005", "a program through a descriptor, as the kernel names it", exec("/dev/fd/4"), null),
  ...["stdin", "stdout", "stderr"].map((name) => yes("R1005", `a program through ${name}`, exec(`/dev/${name}`), null)),
  yes(
    "R1005",
    "a program through a descriptor below the working folder",
    exec("/proc/self/cwd/stdin", { cwd: "/dev" }),
  ),
  no("R1005", "a file", exec("/bin/sh")),
  no("R1005", "a file whose name only begins alike", exec("/dev/stdin2")),
  no("R1005", "a file of that name elsewhere", exec("/proc/self/cwd/stdin", { cwd: "/srv" })),
  no("R1005", "a file with the word in its name", exec("/usr/local/bin/memfd")),
  no("R1005", "a file with the word in its name, below a folder", exec("/srv/memfd:x")),
  no("R1005", "a program in the file system of a process", exec("/proc/123/root/bin/sh")),

  yes("R1006", "namespaces", kernel("unshare", { syscallName: "unshare" })),
  yes("R1006", "a user namespace without a profile", kernel("unshare", { syscallName: "create_user_ns" }), null),
  no("R1006", "namespaces, and the profile has the call", kernel("unshare", { syscallName: "unshare" }), {
    syscalls: ["unshare"],
  }),
  yes(
    "R1006",
    "a user namespace, as a security hook sees it",
    kernel("unshare", { syscallName: "security_create_user_ns" }),
  ),
  no("R1006", "a user namespace, and the profile has the hook", kernel("unshare", { syscallName: "create_user_ns" }), {
    syscalls: ["create_user_ns"],
  }),
  no(
    "R1006",
    "a user namespace, and the profile has the security hook",
    kernel("unshare", { syscallName: "security_create_user_ns" }),
    { syscalls: ["read", "security_create_user_ns"] },
  ),
  no(
    "R1006",
    "a user namespace, and the profile has the system call",
    kernel("unshare", { syscallName: "security_create_user_ns" }),
    { syscalls: ["unshare"] },
  ),
  yes("R1006", "namespaces, and the profile has user namespaces only", kernel("unshare", { syscallName: "unshare" }), {
    syscalls: ["create_user_ns", "security_create_user_ns"],
  }),
  yes(
    "R1006",
    "a user namespace, and the profile has entering only",
    kernel("unshare", { syscallName: "create_user_ns" }),
    {
      syscalls: ["setns"],
    },
  ),
  no("R1006", "the runtime enters", kernel("unshare", { syscallName: "setns" })),
  yes(
    "R1006",
    "a program of the container that is named as the runtime",
    kernel("unshare", { syscallName: "unshare", binary: "/tmp/runc", parentBinary: "/usr/bin/runc" }),
  ),
  yes(
    "R1006",
    "a file in memory that is named as the runtime's copy of itself",
    kernel("unshare", { syscallName: "unshare", binary: "/memfd:runc_cloned:/proc/self/exe (deleted)" }),
  ),

  yes("R1007", "RandomX", kernel("randomx"), null),
  no("R1007", "something else", kernel("iouring")),

  yes("R1008", "a pool", dns("pool.supportxmr.com."), null),
  yes("R1008", "the pool's own name", dns("minexmr.com.")),
  no("R1008", "another name", dns("api.example.com.")),
  no("R1008", "a name that only ends alike", dns("notminexmr.com.")),

  yes("R1009", "a pool's port", call("198.51.100.7", 3333)),
  yes("R1009", "the other port without a profile", call("198.51.100.7", 45_700), null),
  no("R1009", "another port", call("198.51.100.7", 443)),
  no("R1009", "a pool's port over UDP", call("198.51.100.7", 3333, { protocol: "UDP" })),
  no("R1009", "a pool's port at an address of the profile", call("203.0.113.5", 3333)),
  no("R1009", "somebody calls the port", call("198.51.100.7", 3333, { direction: "ingress" })),

  yes("R1010", "a link to password hashes", link("symlink", "/etc/shadow")),
  yes("R1010", "a link to the rules of sudo without a profile", link("symlink", "/etc/sudoers.d/x"), null),
  no("R1010", "a link to another file", link("symlink", "/etc/passwd")),
  no("R1010", "allowed for the process", link("symlink", "/etc/shadow"), {
    rulePolicies: { R1010: { processAllowed: ["nginx"], containerAllowed: false } },
  }),

  yes("R1011", "foreign code by environment", exec("/bin/ls", { pid: 66 })),
  no("R1011", "foreign code in java", exec("/usr/bin/java", { pid: 66 })),
  no("R1011", "an environment without it", exec("/bin/ls")),
  yes("R1011", "the loader's list is written", open("/etc/ld.so.preload", ["O_WRONLY", "O_CREAT"])),
  no("R1011", "the loader's list is read", open("/etc/ld.so.preload")),

  yes("R1012", "a link to password hashes", link("hardlink", "/etc/shadow")),
  no("R1012", "a link to another file", link("hardlink", "/etc/passwd")),
  no("R1012", "allowed for the container", link("hardlink", "/etc/sudoers"), {
    rulePolicies: { R1012: { processAllowed: [], containerAllowed: true } },
  }),

  yes("R1015", "the memory of another process", kernel("ptrace", { syscallName: "ptrace", command: 5 }), null),
  yes("R1015", "the text of another process", kernel("ptrace", { syscallName: "ptrace", command: 4 })),
  yes("R1015", "the user area of another process", kernel("ptrace", { syscallName: "ptrace", command: 6 })),
  yes("R1015", "the registers of another process", kernel("ptrace", { syscallName: "ptrace", command: 13 })),
  yes("R1015", "a set of registers of another process", kernel("ptrace", { syscallName: "ptrace", command: 0x4205 })),
  no("R1015", "another process is attached to", kernel("ptrace", { syscallName: "ptrace", command: 16 })),
  no("R1015", "another process is seized", kernel("ptrace", { syscallName: "ptrace", command: 0x4206 })),
  no("R1015", "the memory of another process is read", kernel("ptrace", { syscallName: "ptrace", command: 2 })),
  no("R1015", "the registers of another process are read", kernel("ptrace", { syscallName: "ptrace", command: 12 })),
  no("R1015", "a process lets itself be traced", kernel("ptrace", { syscallName: "ptrace", command: 0 })),
  no("R1015", "a request that nobody saw", kernel("ptrace", { syscallName: "ptrace" })),

  yes("R1030", "io_uring", kernel("iouring", { syscallName: "io_uring_enter", opcode: 18 })),
  yes(
    "R1030",
    "io_uring, and only another process is allowed it",
    kernel("iouring", { syscallName: "io_uring_enter" }),
    {
      rulePolicies: { R1030: { processAllowed: ["redis-server"], containerAllowed: false } },
    },
  ),
  no("R1030", "allowed for the process", kernel("iouring", { syscallName: "io_uring_enter" }), {
    rulePolicies: { R1030: { processAllowed: ["nginx"], containerAllowed: false } },
  }),
  no("R1030", "no profile", kernel("iouring", { syscallName: "io_uring_enter" }), null),
];
