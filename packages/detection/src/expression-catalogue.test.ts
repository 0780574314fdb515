import { ManualClock } from "@kinglet/lifecycle";
import { loadCelEngine, pureCelFunctions, type CelEngine } from "@kinglet/policy-engine";
import { parseContainerProfile } from "@kinglet/profile";
import { beforeAll, describe, expect, it } from "vitest";

import { containerOf } from "../test/containers.ts";
import { obviousAnswers } from "../test/obvious-answers.ts";
import { profileViewOf } from "../test/profile-views.ts";
import type { DetectionHost } from "./detection-host.ts";
import { ExecExemptions } from "./exec-exemptions.ts";
import { createHostFunctions } from "./host-functions.ts";
import { createProfileFunctions } from "./profile-functions.ts";
import { ResultCache } from "./result-cache.ts";

// The catalogue of tests of the original's expression libraries, row by row; docs/requirements.md lists the rows.

const opens = [
  { path: "/etc/passwd", flags: ["O_RDONLY", "O_CLOEXEC"] },
  { path: "/tmp/test.txt", flags: ["O_RDWR"] },
  { path: "/var/log/app.log", flags: ["O_WRONLY"] },
  { path: "/home/user/config.json", flags: [] },
];
const peer = (address: string, port: number, protocol: string, dnsNames: readonly string[] = []): object => ({
  identifier: address,
  type: "external",
  ipAddress: address,
  dnsNames,
  ports: [{ name: `${protocol}-${port}`, protocol, port }],
});
const profile = parseContainerProfile({
  metadata: { name: "web", namespace: "shop" },
  spec: {
    execs: [
      { path: "/bin/ls", args: ["-la", "/tmp"] },
      { path: "/usr/bin/curl", args: ["-X", "POST", "https://example.com"] },
      { path: "/bin/echo", args: ["hello", "world"] },
    ],
    opens,
    syscalls: ["open", "read"],
    capabilities: ["NET_ADMIN", "SYS_TIME"],
    egress: [
      peer("192.168.1.100", 80, "TCP", ["api.example.com."]),
      peer("10.0.0.50", 443, "TCP"),
      peer("172.16.0.10", 53, "UDP", ["dns.example.com."]),
    ],
    ingress: [peer("192.168.2.10", 8080, "TCP", ["front.example.com."]), peer("10.1.0.5", 9090, "UDP")],
  },
});
const view = profileViewOf(profile);
const host: DetectionHost = {
  mountPathsOf: (_namespace, pod) => (pod === "web-1" ? ["/etc/config", "/var/data"] : undefined),
  hasContainer: (_namespace, pod, name) => (pod === "web-1" ? ["main", "sidecar", "init"].includes(name) : undefined),
  apiServerAddresses: [],
  processEnvironment: (pid) => (pid === 7 ? { PATH: "/bin", LD_AUDIT: "/x.so" } : { PATH: "/bin" }),
  commandsOf: () => undefined,
};

let engine: CelEngine;
let bare: CelEngine;

beforeAll(async () => {
  const { createCelEngine } = await loadCelEngine();
  const profiles = { get: (id: string) => (id === "c1" ? view : undefined) };
  engine = createCelEngine({
    functions: { ...pureCelFunctions, ...createProfileFunctions(profiles), ...createHostFunctions(host) },
  });
  // As an engine without anything that knows profiles.
  bare = createCelEngine({ functions: pureCelFunctions });
});

const valueOf = (expression: string, containerId = "c1"): unknown =>
  engine.compile(expression, "bool").evaluate({ event: { containerId }, eventType: "exec" });
/** The call with the container's id in front. */
const ask = (call: string, containerId?: string): unknown =>
  valueOf(call.replace(/\((?=.)/, "(event.containerId, "), containerId);

const rows: readonly (readonly [test: string, calls: Readonly<Record<string, boolean>>])[] = [
  [
    "TestExecInProfile",
    {
      "ap.was_executed('/bin/ls')": true,
      "ap.was_executed('/usr/bin/curl')": true,
      "ap.was_executed('/bin/nonexistent')": false,
    },
  ],
  [
    "TestExecWithArgsInProfile",
    {
      "ap.was_executed_with_args('/bin/ls', ['-la', '/tmp'])": true,
      "ap.was_executed_with_args('/bin/ls', ['-la', '/home'])": false,
      "ap.was_executed_with_args('/bin/nonexistent', ['-la'])": false,
      "ap.was_executed_with_args('/usr/bin/curl', ['-X', 'POST', 'https://example.com'])": true,
      "ap.was_executed_with_args('/bin/echo', ['hello', 'world'])": true,
      "ap.was_executed_with_args('/bin/echo', [])": false,
    },
  ],
  [
    "TestOpenInProfile",
    {
      "ap.was_path_opened('/etc/passwd')": true,
      "ap.was_path_opened('/tmp/test.txt')": true,
      "ap.was_path_opened('/etc/nonexistent')": false,
    },
  ],
  [
    "TestOpenWithFlagsInProfile",
    {
      "ap.was_path_opened_with_flags('/etc/passwd', ['O_RDONLY', 'O_CLOEXEC'])": true,
      "ap.was_path_opened_with_flags('/etc/passwd', ['O_CLOEXEC', 'O_RDONLY'])": true,
      "ap.was_path_opened_with_flags('/etc/passwd', ['O_RDONLY'])": true,
      "ap.was_path_opened_with_flags('/etc/passwd', [])": true,
      "ap.was_path_opened_with_flags('/etc/passwd', ['O_WRONLY'])": false,
      "ap.was_path_opened_with_flags('/etc/shadow', ['O_RDONLY'])": false,
    },
  ],
  [
    "TestOpenWithSuffixInProfile",
    {
      "ap.was_path_opened_with_suffix('.txt')": true,
      "ap.was_path_opened_with_suffix('.log')": true,
      "ap.was_path_opened_with_suffix('.json')": true,
      "ap.was_path_opened_with_suffix('')": true,
      "ap.was_path_opened_with_suffix('/tmp/test.txt')": true,
      "ap.was_path_opened_with_suffix('.xml')": false,
      "ap.was_path_opened_with_suffix('xyz')": false,
    },
  ],
  [
    "TestOpenWithPrefixInProfile",
    {
      "ap.was_path_opened_with_prefix('/etc')": true,
      "ap.was_path_opened_with_prefix('/tmp')": true,
      "ap.was_path_opened_with_prefix('/var')": true,
      "ap.was_path_opened_with_prefix('/home')": true,
      "ap.was_path_opened_with_prefix('')": true,
      "ap.was_path_opened_with_prefix('/etc/passwd')": true,
      "ap.was_path_opened_with_prefix('/etc/')": true,
      "ap.was_path_opened_with_prefix('/usr')": false,
      "ap.was_path_opened_with_prefix('etc')": false,
    },
  ],
  [
    "TestSyscallInProfile",
    { "ap.was_syscall_used('open')": true, "ap.was_syscall_used('read')": true, "ap.was_syscall_used('mount')": false },
  ],
  [
    "TestCapabilityInProfile",
    {
      "ap.was_capability_used('NET_ADMIN')": true,
      "ap.was_capability_used('SYS_TIME')": true,
      "ap.was_capability_used('SYS_ADMIN')": false,
    },
  ],
  [
    "TestWasAddressPortProtocolInEgress",
    {
      "nn.was_address_port_protocol_in_egress('192.168.1.100', 80, 'TCP')": true,
      "nn.was_address_port_protocol_in_egress('10.0.0.50', 443, 'TCP')": true,
      "nn.was_address_port_protocol_in_egress('172.16.0.10', 53, 'UDP')": true,
      "nn.was_address_port_protocol_in_egress('192.168.1.100', 81, 'TCP')": false,
      "nn.was_address_port_protocol_in_egress('192.168.1.100', 80, 'UDP')": false,
      "nn.was_address_port_protocol_in_egress('192.168.1.101', 80, 'TCP')": false,
    },
  ],
  [
    "TestWasAddressPortProtocolInIngress",
    {
      "nn.was_address_port_protocol_in_ingress('192.168.2.10', 8080, 'TCP')": true,
      "nn.was_address_port_protocol_in_ingress('10.1.0.5', 9090, 'UDP')": true,
      "nn.was_address_port_protocol_in_ingress('10.1.0.5', 9091, 'UDP')": false,
      "nn.was_address_port_protocol_in_ingress('10.1.0.5', 9090, 'TCP')": false,
      "nn.was_address_port_protocol_in_ingress('10.1.0.6', 9090, 'UDP')": false,
      "nn.was_address_port_protocol_in_ingress('192.168.1.100', 80, 'TCP')": false,
    },
  ],
];
const calls = rows.flatMap(([test, answers]) => Object.entries(answers).map(([call, is]) => ({ test, call, is })));

describe("createProfileFunctions", () => {
  it.each(calls)("$call is $is [rules-test $test]", ({ call, is }) => {
    expect(ask(call)).toBe(is);
  });

  it.each(calls)("$call is false without a profile, and no error [rules-test *NoProfile]", ({ call }) => {
    expect(ask(call, "other")).toBe(false);
  });

  it.each(calls)(
    "$call type-checks, and with a number for the container it does not [rules-test *Compilation]",
    ({ call }) => {
      expect(engine.check(call.replace("(", "(event.containerId, "), "bool")).toEqual([]);
      expect(engine.check(call.replace("(", "(1, "), "bool")).toMatchObject([
        { code: "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION" },
      ]);
    },
  );

  it.each([
    ["ap.was_executed(event.containerId, '/bin/ls') && ap.was_path_opened(event.containerId, '/etc/passwd')", true],
    ["ap.was_executed(event.containerId, '/bin/none') || ap.was_syscall_used(event.containerId, 'read')", true],
    ["ap.was_executed(event.containerId, '/bin/none') && ap.was_syscall_used(event.containerId, 'read')", false],
    ["!ap.was_capability_used(event.containerId, 'SYS_ADMIN')", true],
    ["ap.was_capability_used(event.containerId, 'NET_ADMIN') && !ap.was_path_opened(event.containerId, '/x')", true],
    ["ap.was_path_opened_with_prefix(event.containerId, '/etc') != ap.was_path_opened(event.containerId, '/x')", true],
    [
      "ap.was_path_opened_with_suffix(event.containerId, '.log') ? ap.was_syscall_used(event.containerId, 'x') : true",
      false,
    ],
  ])("%s is %s [rules-test TestIntegrationWithAllFunctions]", (expression, is) => {
    expect(valueOf(expression)).toBe(is);
  });

  const inEgress = ["192.168.1.100", "10.0.0.50", "172.16.0.10", "192.168.2.10"];
  type Composition = readonly [expression: string, is: boolean];
  const compositions: readonly Composition[] = [
    ...inEgress.map((address, at): Composition => [
      `nn.was_address_in_egress(event.containerId, '${address}')`,
      at < 3,
    ]),
    ...inEgress.map((address, at): Composition => [
      `nn.was_address_in_ingress(event.containerId, '${address}')`,
      at === 3,
    ]),
    ...["api.example.com.", "dns.example.com.", "front.example.com."].flatMap((name, at): Composition[] => [
      [`nn.is_domain_in_egress(event.containerId, '${name}')`, at < 2],
      [`nn.is_domain_in_ingress(event.containerId, '${name}')`, at === 2],
      [
        `nn.is_domain_in_egress(event.containerId, '${name}') != nn.is_domain_in_ingress(event.containerId, '${name}')`,
        true,
      ],
    ]),
    [
      "nn.was_address_in_egress(event.containerId, '10.0.0.50') && nn.is_domain_in_egress(event.containerId, 'api.example.com.')",
      true,
    ],
    [
      "nn.was_address_in_egress(event.containerId, '8.8.8.8') || nn.was_address_in_ingress(event.containerId, '10.1.0.5')",
      true,
    ],
    [
      "nn.was_address_in_egress(event.containerId, '8.8.8.8') && nn.was_address_in_ingress(event.containerId, '10.1.0.5')",
      false,
    ],
    [
      "!nn.was_address_in_egress(event.containerId, '8.8.8.8') && !nn.is_domain_in_egress(event.containerId, 'x.')",
      true,
    ],
    [
      "nn.was_address_port_protocol_in_egress(event.containerId, '10.0.0.50', 443, 'TCP') && net.is_private_ip('10.0.0.50')",
      true,
    ],
    [
      "nn.was_address_port_protocol_in_egress(event.containerId, '10.0.0.50', 80, 'TCP') || net.is_private_ip('8.8.8.8')",
      false,
    ],
  ];
  it.each(compositions)("%s is %s [rules-test TestIntegrationWithAllNetworkFunctions]", (expression, is) => {
    expect(valueOf(expression)).toBe(is);
  });

  it("answer an error where nothing knows profiles, and no expression with them is valid there [rules-test WithNilObjectCache]", () => {
    const call = "ap.was_executed(event.containerId, '/bin/ls')";
    expect(bare.check(call, "bool")).toMatchObject([{ code: "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE" }]);
    expect(() => bare.compile(call, "bool")).toThrow("was_executed");
  });

  it.each([
    "nn.was_address_port_protocol_in_egress(event.containerId, '10.0.0.50', '443', 'TCP')",
    "nn.was_address_port_protocol_in_egress(event.containerId, 10, 443, 'TCP')",
    "nn.was_address_port_protocol_in_egress(event.containerId, '10.0.0.50', 443)",
    "ap.was_executed(event.containerId, 1)",
    "ap.was_executed_with_args(event.containerId, '/bin/ls', 'x')",
  ])("%s does not compile [rules-test InvalidTypes]", (expression) => {
    expect(engine.check(expression, "bool")).toMatchObject([{ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION" }]);
  });

  it("never take a neighbour without a port for one with it [rules-test NilPort]", () => {
    const spec = {
      egress: [{ identifier: "a", type: "external", ipAddress: "1.2.3.4", ports: [{ name: "x", protocol: "TCP" }] }],
    };
    const content = obviousAnswers(parseContainerProfile({ metadata: { name: "p", namespace: "n" }, spec }));
    const functions = createProfileFunctions({ get: () => ({ ...view, content }) });
    for (const port of [0, 443]) {
      expect(functions["cp.was_address_port_protocol_in_egress"]?.("c", "1.2.3.4", port, "TCP")).toBe(false);
    }
  });
});

describe("createHostFunctions", () => {
  it.each([
    ["k8s.get_container_mount_paths('shop', 'web-1', 'main') == ['/etc/config', '/var/data']", true, "TestK8sLibrary"],
    ["k8s.get_container_by_name('shop', 'web-1', 'main')", true, "TestK8sGetContainerByName"],
    ["k8s.get_container_by_name('shop', 'web-1', 'init')", true, "TestK8sGetContainerByName"],
    ["k8s.get_container_by_name('shop', 'web-1', 'nobody')", false, "TestK8sGetContainerByName"],
    ["k8s.get_container_by_name('shop', 'no-pod', 'main')", false, "TestK8sGetContainerByName"],
    ["process.get_process_env(1) == {'PATH': '/bin'}", true, "TestProcessLibrary"],
    ["process.get_ld_hook_var(7u) == 'LD_AUDIT'", true, "TestGetLdHookVar"],
    ["process.get_ld_hook_var(1u) == ''", true, "TestGetLdHookVar"],
    ["parse.get_exec_path(['/bin/ls', '-la'], 'ls') == '/bin/ls'", true, "TestParseLibrary"],
    ["parse.get_exec_path(['', '-la'], 'ls') == 'ls'", true, "TestParseLibrary"],
    ["parse.get_exec_path([], 'ls') == 'ls'", true, "TestParseLibrary"],
    ["ap.was_executed(event.containerId, parse.get_exec_path(['/bin/ls'], 'ls'))", true, "TestParseLibraryIntegration"],
    ["net.is_private_ip('172.31.255.255') && net.is_private_ip('224.0.0.1')", true, "TestNetLibrary"],
    ["net.is_private_ip('240.0.0.1') && net.is_private_ip('169.254.1.1')", true, "TestNetLibrary"],
    ["net.is_private_ip('8.8.8.8') || net.is_private_ip('invalid') || net.is_private_ip('')", false, "TestNetLibrary"],
  ])("%s is %s [rules-test %s]", (expression, is) => {
    expect(valueOf(expression)).toBe(is);
  });

  it.each(["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"])("finds %s [rules-test TestLD_PRELOAD_ENV_VARS]", (name) => {
    const functions = createHostFunctions({ ...host, processEnvironment: () => ({ [name]: "/x" }) });
    expect(functions["process.get_ld_hook_var"]?.(1)).toBe(name);
  });
});

describe("ExecExemptions", () => {
  function remembering(maxStopping: number, stoppingMs: number): { exemptions: ExecExemptions; clock: ManualClock } {
    const clock = new ManualClock();
    const options = {
      host,
      view: { container: containerOf(), exepath: "", execution: undefined },
      clock,
      maxStopping,
      stoppingMs,
    };
    return { exemptions: new ExecExemptions(options), clock };
  }

  it("notes, finds, forgets, counts many, and ends after 50 ms [rules-test TestPreStopHookCache_*]", async () => {
    const { exemptions, clock } = remembering(1_000, 50);
    for (let at = 0; at < 100; at++) exemptions.noteStopping(`c${at}`);
    expect([exemptions.isStopping("c0"), exemptions.isStopping("c99"), exemptions.isStopping("c100")]).toEqual([
      true,
      true,
      false,
    ]);
    exemptions.forget("c0");
    expect([exemptions.isStopping("c0"), exemptions.isStopping(""), exemptions.size]).toEqual([false, false, 99]);
    await clock.advance(50);
    expect(exemptions.isStopping("c99")).toBe(false);
  });

  it("of three keeps those that were asked for last; noting anew renews the time [rules-test TestPreStopHookCache_*]", async () => {
    const { exemptions, clock } = remembering(3, 100);
    for (const id of ["a", "b", "c"]) exemptions.noteStopping(id);
    exemptions.isStopping("a");
    exemptions.noteStopping("d");
    expect(["a", "b", "c", "d"].map((id) => exemptions.isStopping(id))).toEqual([true, false, true, true]);
    await clock.advance(50);
    exemptions.noteStopping("a");
    await clock.advance(60);
    expect(["a", "d"].map((id) => exemptions.isStopping(id))).toEqual([true, false]);
  });
});

describe("ResultCache", () => {
  it("keeps one answer for each argument, asks once, and begins anew when cleared [rules-test TestFunctionCache_*] [rules-test TestApplicationProfileCaching]", () => {
    const asked: string[] = [];
    const content = {
      ...view.content,
      hasOpenWithSuffix: (suffix: string) => {
        asked.push(suffix);
        return view.content.hasOpenWithSuffix(suffix);
      },
    };
    const cache = new ResultCache(100);
    const ends = (suffix: string): boolean => cache.ask(content, "open-suffix", suffix);
    expect([ends(".txt"), ends(".txt"), cache.size]).toEqual([true, true, 1]);
    expect([ends(".xml"), ends(".log"), cache.size, asked.length]).toEqual([false, true, 3, 3]);
    cache.clear();
    expect(cache.size).toBe(0);
    expect([ends(".txt"), cache.size, asked.length]).toEqual([true, 1, 4]);
  });

  it("is of one version of a profile: what a changed one says is asked for anew [rules-test CacheExpiration]", () => {
    const cache = new ResultCache(100);
    const other = obviousAnswers(parseContainerProfile({ metadata: { name: "p", namespace: "n" }, spec: {} }));
    expect(cache.ask(view.content, "open-suffix", ".txt")).toBe(true);
    expect(cache.ask(other, "open-suffix", ".txt")).toBe(false);
  });
});
