import { loadCelEngine, type CelEngine } from "@kinglet/policy-engine";
import { parseContainerProfile } from "@kinglet/profile";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import { matchesDynamicPath } from "../test/matches-dynamic-path.ts";
import { createProfileFunctions } from "./profile-functions.ts";
import { obviousAnswers } from "../test/obvious-answers.ts";
import { profileViewOf } from "../test/profile-views.ts";

const profile = parseContainerProfile({
  apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
  kind: "ContainerProfile",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    execs: [
      { path: "/bin/ls", args: ["-la", "/tmp"] },
      { path: "/usr/bin/curl", args: ["-X", "POST", "https://example.com"] },
      { path: "/bin/echo", args: ["hello", "world"] },
      { path: "/bin/true", args: [] },
    ],
    opens: [
      { path: "/etc/passwd", flags: ["O_RDONLY", "O_CLOEXEC"] },
      { path: "/tmp/test.txt", flags: ["O_RDWR"] },
      { path: "/var/log/app.log", flags: ["O_WRONLY"] },
      { path: "/proc/\u22ef/status", flags: ["O_RDONLY"] },
    ],
    syscalls: ["read", "write"],
    capabilities: ["NET_BIND_SERVICE", "CHOWN"],
    endpoints: [
      { endpoint: ":80/users/\u22ef", methods: ["GET", "PUT"], internal: false, direction: "inbound" },
      { endpoint: "https://api.example.com/v1/apiserver", methods: ["POST"], internal: false, direction: "outbound" },
    ],
    egress: [
      {
        identifier: "store",
        type: "internal",
        podSelector: { matchLabels: { app: "store" } },
        ports: [{ name: "TCP-6379", protocol: "TCP", port: 6379 }],
      },
      {
        identifier: "a",
        type: "external",
        dns: "old.example.com.",
        dnsNames: ["api.example.com."],
        ipAddress: "203.0.113.5",
        ports: [
          { name: "TCP-443", protocol: "TCP", port: 443 },
          { name: "UDP-0", protocol: "UDP", port: null },
        ],
      },
    ],
    ingress: [
      {
        identifier: "b",
        type: "internal",
        dns: "singular.example.com.",
        dnsNames: ["peer.example.com."],
        ipAddress: "10.0.0.7",
        ports: [{ name: "TCP-8080", protocol: "TCP", port: 8080 }],
      },
    ],
  },
});

const view = profileViewOf(profile);

let engine: CelEngine;
/** Addresses that somebody asked about. */
const asked: string[] = [];
const holders: Readonly<Record<string, { namespace: string; labels: Record<string, string> }>> = {
  "10.0.0.20": { namespace: "shop", labels: { app: "store", zone: "b" } },
  "10.0.0.21": { namespace: "shop", labels: { app: "mail" } },
  "10.0.0.22": { namespace: "other", labels: { app: "store" } },
};

beforeAll(async () => {
  const { createCelEngine } = await loadCelEngine();
  const profiles = { get: (id: string) => (id === "c1" ? view : undefined) };
  engine = createCelEngine({
    functions: createProfileFunctions(profiles, {
      isExemptExec: (id, path) => id === "c1" && path === "/entrypoint",
      peers: {
        peerOf: (address) => {
          asked.push(address);
          return holders[address];
        },
      },
    }),
  });
});

const ask = (call: string, containerId: string): unknown =>
  engine
    .compile(call.replace("(", "(event.containerId, "), "bool")
    .evaluate({ event: { containerId }, eventType: "exec" });

const cases: readonly (readonly [call: string, expected: boolean])[] = [
  ["ap.was_executed('/bin/ls')", true],
  ["ap.was_executed('/usr/bin/curl')", true],
  ["ap.was_executed('/bin/nonexistent')", false],
  ["ap.was_executed('/entrypoint')", true],
  ["ap.was_executed_with_args('/bin/ls', ['-la', '/tmp'])", true],
  ["ap.was_executed_with_args('/bin/ls', ['-la', '/home'])", false],
  ["ap.was_executed_with_args('/bin/ls', ['/tmp', '-la'])", false],
  ["ap.was_executed_with_args('/bin/ls', [])", false],
  ["ap.was_executed_with_args('/bin/true', [])", true],
  ["ap.was_executed_with_args('/bin/none', [])", false],
  ["ap.was_executed_with_args('/usr/bin/curl', ['-X', 'POST', 'https://example.com'])", true],
  ["ap.was_executed_with_args('/bin/echo', ['hello', 'world'])", true],
  ["ap.was_executed_with_args('/entrypoint', ['x'])", true],
  ["ap.was_path_opened('/etc/passwd')", true],
  ["ap.was_path_opened('/tmp/test.txt')", true],
  ["ap.was_path_opened('/etc/nonexistent')", false],
  ["ap.was_path_opened('/proc/42/status')", true],
  ["ap.was_path_opened('/proc/42/7/status')", false],
  ["ap.was_path_opened_with_flags('/etc/passwd', ['O_RDONLY', 'O_CLOEXEC'])", true],
  ["ap.was_path_opened_with_flags('/etc/passwd', ['O_CLOEXEC', 'O_RDONLY'])", true],
  ["ap.was_path_opened_with_flags('/etc/passwd', ['O_RDONLY'])", true],
  ["ap.was_path_opened_with_flags('/etc/passwd', [])", true],
  ["ap.was_path_opened_with_flags('/etc/passwd', ['O_WRONLY'])", false],
  ["ap.was_path_opened_with_flags('/etc/none', [])", false],
  ["ap.was_path_opened_with_suffix('.txt')", true],
  ["ap.was_path_opened_with_suffix('')", true],
  ["ap.was_path_opened_with_suffix('/etc/passwd')", true],
  ["ap.was_path_opened_with_suffix('.xml')", false],
  ["ap.was_path_opened_with_prefix('/etc')", true],
  ["ap.was_path_opened_with_prefix('/etc/')", true],
  ["ap.was_path_opened_with_prefix('')", true],
  ["ap.was_path_opened_with_prefix('/usr')", false],
  ["ap.was_path_opened_with_prefix('etc')", false],
  ["ap.was_syscall_used('read')", true],
  ["ap.was_syscall_used('ptrace')", false],
  ["ap.was_capability_used('CHOWN')", true],
  ["ap.was_capability_used('SYS_ADMIN')", false],
  ["ap.was_endpoint_accessed(':80/users/5')", true],
  ["ap.was_endpoint_accessed(':80/users')", false],
  ["ap.was_endpoint_accessed_with_method(':80/users/5', 'PUT')", true],
  ["ap.was_endpoint_accessed_with_method(':80/users/5', 'DELETE')", false],
  ["ap.was_endpoint_accessed_with_methods(':80/users/5', ['DELETE', 'GET'])", true],
  ["ap.was_endpoint_accessed_with_methods(':80/users/5', ['DELETE'])", false],
  ["ap.was_endpoint_accessed_with_prefix(':80/')", true],
  ["ap.was_endpoint_accessed_with_prefix(':81/')", false],
  ["ap.was_endpoint_accessed_with_suffix('/apiserver')", true],
  ["ap.was_endpoint_accessed_with_suffix('/x')", false],
  ["ap.was_host_accessed('api.example.com')", true],
  ["ap.was_host_accessed('example.com')", false],
  ["ap.was_host_accessed('apiserver')", false],
  ["ap.was_host_accessed('api')", false],
  ["ap.was_host_accessed('')", false],
  ["nn.was_address_in_egress('203.0.113.5')", true],
  ["nn.was_address_in_egress('10.0.0.7')", false],
  ["nn.was_address_in_ingress('10.0.0.7')", true],
  ["nn.was_address_in_ingress('203.0.113.5')", false],
  ["nn.is_domain_in_egress('api.example.com.')", true],
  ["nn.is_domain_in_egress('old.example.com.')", true],
  ["nn.is_domain_in_egress('API.example.com')", true],
  ["nn.is_domain_in_ingress('peer.example.com.')", true],
  ["nn.is_domain_in_ingress('singular.example.com.')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', 443, 'TCP')", true],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', 443, 'UDP')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', 80, 'TCP')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.6', 443, 'TCP')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', 0, 'UDP')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', 65979, 'TCP')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', 4294967739, 'TCP')", false],
  ["nn.was_address_port_protocol_in_egress('203.0.113.5', -1, 'TCP')", false],
  ["nn.was_address_port_protocol_in_ingress('10.0.0.7', 8080, 'TCP')", true],
  ["nn.was_address_port_protocol_in_ingress('10.0.0.7', 8081, 'TCP')", false],
];

describe("createProfileFunctions", () => {
  it.each(cases)("%s is %s", (call, expected) => {
    expect(ask(call, "c1")).toBe(expected);
  });

  it.each(cases)("%s is the same under the name cp.* [rules A-1]", (call) => {
    expect(ask(call.replace(/^(ap|nn)\./, "cp."), "c1")).toBe(ask(call, "c1"));
  });

  it("does not know functions of one of the older families in the other [rules A-1]", () => {
    for (const call of ["nn.was_executed('', 'a')", "ap.is_domain_in_egress('', 'a')", "xp.was_executed('', 'a')"]) {
      expect(engine.check(call, "bool")).not.toEqual([]);
    }
  });

  it.each([
    ["ap.was_executed(event.containerId, '/bin/ls') && cp.was_path_opened(event.containerId, '/etc/passwd')", true],
    ["ap.was_executed(event.containerId, '/bin/none') || ap.was_syscall_used(event.containerId, 'read')", true],
    [
      "!ap.was_capability_used(event.containerId, 'SYS_ADMIN') && nn.was_address_in_egress(event.containerId, '203.0.113.5')",
      true,
    ],
    ["nn.is_domain_in_egress(event.containerId, 'x.') || nn.is_domain_in_ingress(event.containerId, 'x.')", false],
    ["['/bin/ls', '/bin/none'].all(path, ap.was_executed(event.containerId, path))", false],
    ["['/bin/none', '/bin/ls'].exists(path, ap.was_executed(event.containerId, path))", true],
    [
      "ap.was_path_opened_with_prefix(event.containerId, '/etc') && !ap.was_path_opened_with_suffix(event.containerId, '.xml')",
      true,
    ],
  ])("%s is %s", (expression, expected) => {
    const variables = { event: { containerId: "c1" }, eventType: "exec" as const };
    expect(engine.compile(expression, "bool").evaluate(variables)).toBe(expected);
  });

  it.each(cases)("%s is false without a profile", (call) => {
    expect(ask(call, "unknown")).toBe(false);
  });
});

describe("cp.was_address_in_egress", () => {
  it.each([
    ["nn.was_address_in_egress('10.0.0.20')", true],
    ["nn.was_address_in_egress('10.0.0.21')", false],
    ["nn.was_address_in_egress('10.0.0.22')", false],
    ["nn.was_address_in_egress('10.0.0.99')", false],
    ["nn.was_address_port_protocol_in_egress('10.0.0.20', 6379, 'TCP')", true],
    ["nn.was_address_port_protocol_in_egress('10.0.0.20', 6379, 'UDP')", false],
    ["nn.was_address_port_protocol_in_egress('10.0.0.20', 6380, 'TCP')", false],
    ["nn.was_address_port_protocol_in_egress('10.0.0.20', -1, 'TCP')", false],
    ["nn.was_address_in_ingress('10.0.0.20')", false],
  ])("goes by the labels of who has the address: %s is %s [rules A-3]", (call, expected) => {
    expect(ask(call, "c1")).toBe(expected);
  });

  it("asks who has an address only where the profile does not list it and tells neighbours by labels [rules A-3]", () => {
    asked.length = 0;
    ask("nn.was_address_in_egress('203.0.113.5')", "c1");
    ask("nn.was_address_in_ingress('10.0.0.20')", "c1");
    ask("nn.was_address_in_egress('10.0.0.20')", "c2");
    ask("nn.was_address_port_protocol_in_egress('10.0.0.20', 65536, 'TCP')", "c1");
    expect(asked).toEqual([]);
    ask("nn.was_address_in_egress('10.0.0.20')", "c1");
    expect(asked).toEqual(["10.0.0.20"]);
  });
});

describe("cp.was_host_accessed", () => {
  it("finds a host that stands as a whole before the path, and nothing else [rules A-2]", () => {
    const label = fc.constantFrom("a", "api", "apiserver", "example", "com", "x-y");
    const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
    const endpoint = fc
      .tuple(
        fc.constantFrom("", "http://", "https://"),
        host,
        fc.constantFrom("", ":80", ":443"),
        fc.array(label, { maxLength: 2 }),
      )
      .map(([scheme, name, port, path]) => ({ name, text: `${scheme}${name}${port}/${path.join("/")}` }));
    fc.assert(
      fc.property(endpoint, host, ({ name, text }, asked) => {
        const recorded = parseContainerProfile({
          metadata: { name: "p", namespace: "n" },
          spec: { endpoints: [{ endpoint: text, methods: ["GET"], internal: false, direction: "outbound" }] },
        });
        const functions = createProfileFunctions({ get: () => ({ ...view, content: obviousAnswers(recorded) }) });
        expect([text, asked, functions["cp.was_host_accessed"]?.("c1", asked)]).toEqual([text, asked, asked === name]);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});

describe("matchesDynamicPath", () => {
  /** The obvious version. */
  const oracle = (recorded: string, observed: string): boolean => {
    const left = recorded.split("/");
    const right = observed.split("/");
    if (!recorded.includes("\u22ef")) return recorded === observed;
    return (
      left.length === right.length &&
      left.every((part, at) => (part === "\u22ef" ? right[at] !== "" : part === right[at]))
    );
  };

  it("agrees with splitting both paths", () => {
    const segment = fc.constantFrom("", "a", "b", "ab", "\u22ef", "a\u22ef", "*");
    const path = fc.array(segment, { maxLength: 5 }).map((segments) => segments.join("/"));
    fc.assert(
      fc.property(path, path, (recorded, observed) => {
        expect(matchesDynamicPath(recorded, observed)).toBe(oracle(recorded, observed));
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });
});
