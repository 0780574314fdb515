import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileProjectionSpec } from "./compile-projection-spec.ts";
import { projectProfile } from "./project-profile.ts";
import { keepEverything } from "./projection-spec.ts";
import { unpackProfile } from "./unpack-profile.ts";

function profileOf(spec: object): ContainerProfile {
  return parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec });
}

const project = (spec: object, ...declarations: unknown[]) =>
  projectProfile(
    profileOf(spec).spec,
    "sum",
    declarations.length === 0 ? keepEverything : compileProjectionSpec(declarations),
  );

const rich = {
  capabilities: ["CHOWN", "SETUID"],
  syscalls: ["read", "write"],
  execs: [
    { path: "/bin/ls", args: ["ls", "-la"] },
    { path: "/bin/true", args: [] },
    { path: "/bin/none", args: [], argsRequired: true },
    { path: "/usr/bin/*", args: ["run", "\u22ef"] },
    { path: "/bin/sh", args: ["-c", "\u22ef\u22ef"] },
  ],
  opens: [
    { path: "/etc/passwd", flags: ["O_RDONLY"] },
    { path: "/etc/passwd", flags: ["O_WRONLY", "O_TRUNC"] },
    { path: "/etc/ssl/*", flags: ["O_RDONLY"] },
    { path: "/proc/\u22ef/status", flags: ["O_RDONLY"] },
    { path: "/var/log/\u00e4pp.log", flags: ["O_APPEND"] },
    { path: "/tmp/\u65e5", flags: ["O_RDWR"] },
  ],
  endpoints: [
    { endpoint: ":80/users/\u22ef", methods: ["GET"], direction: "inbound" },
    { endpoint: ":443/", methods: ["POST"], direction: "outbound" },
    { endpoint: ":0/health", methods: ["GET"], direction: "inbound" },
  ],
  egress: [
    {
      identifier: "a",
      dnsNames: ["api.example.com.", "*.cdn.example.com"],
      ipAddress: "10.0.0.1",
      ipAddresses: ["10.1.0.0/16", "2001:db8::1"],
      ports: [
        { name: "TCP-443", protocol: "TCP", port: 443 },
        { name: "UDP-", protocol: "UDP", port: null },
      ],
    },
    { identifier: "b", ipAddress: "10.0.0.1", ports: [{ name: "UDP-53", protocol: "UDP", port: 53 }] },
  ],
  ingress: [{ identifier: "c", dnsNames: ["Peer.Example.com"], ipAddress: "10.0.0.7", ports: [] }],
  rulePolicies: { R1: { processAllowed: ["ls"] } },
};

describe("ProfileContent", () => {
  const content = project(rich);

  it("knows executions with and without their arguments", () => {
    expect(["/bin/ls", "/usr/bin/x", "/bin/cat", "/bin/ls/"].map((path) => content.wasExecuted(path))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    const asked: readonly (readonly [string, readonly string[], boolean])[] = [
      ["/bin/ls", ["ls", "-la"], true],
      ["/bin/ls", ["ls"], false],
      ["/bin/ls", ["ls", "-l", "a"], false],
      ["/bin/ls", ["ls-la"], false],
      ["/bin/true", ["anything"], true],
      ["/bin/none", [], true],
      ["/bin/none", ["x"], false],
      ["/usr/bin/x", ["run", "this"], true],
      ["/usr/bin/x", ["run"], false],
      ["/bin/sh", ["-c", "a", "b"], true],
      ["/bin/cat", [], false],
    ];
    for (const [path, args, expected] of asked)
      expect([path, args, content.wasExecutedWith(path, args)]).toEqual([path, args, expected]);
  });

  it("gives the recorded arguments to whoever cannot tell what was executed", () => {
    const given = (path: string): unknown[] => {
      const all: unknown[] = [];
      const isAny = content.someExecution(path, (args) => all.push(args) === 0);
      return [isAny, ...all];
    };
    expect(given("/bin/ls")).toEqual([false, ["ls", "-la"]]);
    expect(given("/bin/true")).toEqual([true]);
    expect(given("/bin/none")).toEqual([false, []]);
    expect(given("/usr/bin/x")).toEqual([false, ["run", "\u22ef"]]);
    expect(given("/bin/sh")).toEqual([false, ["-c", "\u22ef\u22ef"]]);
    expect(given("/bin/cat")).toEqual([false]);
    expect(content.someExecution("/bin/sh", ([first]) => first === "-c")).toBe(true);
  });

  it("knows opened paths, and the flags of each opening", () => {
    for (const path of ["/etc/passwd", "/etc/ssl/a/b", "/proc/1/status", "/var/log/\u00e4pp.log", "/tmp/\u65e5"]) {
      expect([path, content.wasOpened(path)]).toEqual([path, true]);
    }
    expect(["/etc/ssl", "/proc/1/2/status", "/tmp/x"].map((path) => content.wasOpened(path))).toEqual([
      false,
      false,
      false,
    ]);
    expect(content.wasOpenedWith("/etc/passwd", ["O_TRUNC", "O_WRONLY"])).toBe(true);
    expect(content.wasOpenedWith("/etc/passwd", ["O_RDONLY", "O_WRONLY"])).toBe(false);
    expect(content.wasOpenedWith("/etc/ssl/x", ["O_RDONLY"])).toBe(true);
    expect(content.wasOpenedWith("/etc/ssl/x", ["O_RDWR"])).toBe(false);
    expect([
      content.hasOpenWithPrefix("/etc/pa"),
      content.hasOpenWithPrefix("/proc/"),
      content.hasOpenWithPrefix("/usr"),
    ]).toEqual([true, true, false]);
    expect([
      content.hasOpenWithSuffix("swd"),
      content.hasOpenWithSuffix("/status"),
      content.hasOpenWithSuffix("x"),
    ]).toEqual([true, true, false]);
  });

  it("knows endpoints with their methods, whatever the port where the profile says so", () => {
    expect(content.wasEndpointAccessed(":80/users/5")).toBe(true);
    expect(content.wasEndpointAccessedWith(":80/users/5", "GET")).toBe(true);
    expect(content.wasEndpointAccessedWith(":80/users/5", "PUT")).toBe(false);
    expect(content.wasEndpointAccessed(":9000/health")).toBe(true);
    expect(content.wasEndpointAccessed(":9000/users/5")).toBe(false);
  });

  it("knows addresses, blocks, ports and names of each direction", () => {
    expect(
      ["10.0.0.1", "10.1.2.3", "2001:DB8:0::1", "::ffff:10.1.2.3"].map((one) => content.hasAddress("egress", one)),
    ).toEqual([true, true, true, true]);
    expect(content.hasAddress("ingress", "10.0.0.1")).toBe(false);
    expect(content.hasAddressPort("egress", "10.0.0.1", 443, "TCP")).toBe(true);
    expect(content.hasAddressPort("egress", "10.0.0.1", 53, "UDP")).toBe(true);
    expect(content.hasAddressPort("egress", "10.0.0.1", 443, "UDP")).toBe(false);
    expect(content.hasAddressPort("egress", "10.1.2.3", 443, "TCP")).toBe(true);
    expect(content.hasAddressPort("egress", "10.1.2.3", 53, "UDP")).toBe(false);
    expect(
      ["API.example.com", "x.cdn.example.com.", "x.y.cdn.example.com"].map((one) => content.hasDomain("egress", one)),
    ).toEqual([true, true, false]);
    expect(content.hasDomain("ingress", "peer.example.com.")).toBe(true);
  });

  it("knows neighbours by their labels, as a NetworkPolicy does, with their ports [cache peers]", () => {
    const selects = (matchLabels: object): object => ({ matchLabels });
    const spec = {
      egress: [
        {
          identifier: "near",
          type: "internal",
          podSelector: selects({ app: "store" }),
          ports: [{ name: "TCP-6379", protocol: "TCP", port: 6379 }],
        },
        {
          identifier: "far",
          type: "internal",
          podSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["mail", "post"] }] },
          namespaceSelector: selects({ "kubernetes.io/metadata.name": "letters" }),
          ports: [],
        },
        {
          identifier: "all",
          type: "internal",
          namespaceSelector: selects({ "kubernetes.io/metadata.name": "open" }),
          ports: [],
        },
        // By labels of namespaces that nobody knows here: who does not have them is not known either.
        {
          identifier: "unknown",
          type: "internal",
          podSelector: {},
          namespaceSelector: { matchExpressions: [{ key: "tenant", operator: "DoesNotExist" }] },
          ports: [],
        },
        {
          identifier: "unknown-too",
          type: "internal",
          namespaceSelector: { matchExpressions: [{ key: "tenant", operator: "NotIn", values: ["evil"] }] },
          ports: [],
        },
        {
          identifier: "other-than",
          type: "internal",
          podSelector: selects({ app: "probe" }),
          namespaceSelector: {
            matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["evil"] }],
          },
          ports: [],
        },
        // As some write what lies outside: it selects nobody.
        {
          identifier: "out",
          type: "external",
          podSelector: {},
          namespaceSelector: {},
          ipAddress: "10.0.0.1",
          ports: [],
        },
      ],
    };
    const known = project(spec);
    for (const one of [known, projectProfile(unpackProfile(known), "sum", keepEverything)]) {
      const has = (labels: Record<string, string>, namespace = "shop"): boolean =>
        one.hasPeer("egress", { labels, namespace, ownNamespace: "shop" });
      expect(has({ app: "store", version: "2" })).toBe(true);
      expect(has({ app: "store" }, "other")).toBe(false);
      expect(has({ app: "mail" })).toBe(false);
      expect(has({ app: "mail" }, "letters")).toBe(true);
      expect(has({}, "letters")).toBe(false);
      expect(has({}, "open")).toBe(true);
      expect(has({})).toBe(false);
      expect(has({ app: "other" }, "evil")).toBe(false);
      expect([has({ app: "probe" }, "evil"), has({ app: "probe" }, "ops")]).toEqual([false, true]);
      const store = { labels: { app: "store" }, namespace: "shop", ownNamespace: "shop" };
      expect(one.hasPeerPort("egress", store, 6379, "TCP")).toBe(true);
      expect(one.hasPeerPort("egress", store, 6379, "UDP")).toBe(false);
      expect(one.hasPeerPort("egress", store, 6380, "TCP")).toBe(false);
      expect([one.hasPeers("egress"), one.hasPeers("ingress"), one.hasPeer("ingress", store)]).toEqual([
        true,
        false,
        false,
      ]);
    }
  });

  it("knows the policies of rules, and nothing that every object has", () => {
    expect(content.policyOf("R1")?.processAllowed).toEqual(["ls"]);
    expect(content.policyOf("constructor")).toBeUndefined();
    expect(project({}).policyOf("R1")).toBeUndefined();
  });

  it("of an empty profile answers no [cache-test TestApply_*]", () => {
    const empty = project({});
    expect([
      empty.wasExecuted(""),
      empty.wasOpened("/"),
      empty.usesSyscall("read"),
      empty.hasAddress("egress", ""),
    ]).toEqual([false, false, false, false]);
  });

  it("agrees with looking through the lists, for any literals", () => {
    const word = fc.constantFrom("a", "b", "ab", "/", "/a", "/a/b", "", "\u00e4", "\u0000", "aa", "read");
    const texts = fc.array(word, { maxLength: 12 });
    const path = word.filter((text) => text !== "" && !/.\/$/.test(text));
    const flags = fc.subarray(["O_RDONLY", "O_CREAT", "O_TRUNC"]);
    const spec = fc.record({
      syscalls: texts,
      execs: fc.array(fc.record({ path, args: fc.array(word, { maxLength: 3 }), argsRequired: fc.constant(true) }), {
        maxLength: 8,
      }),
      opens: fc.array(fc.record({ path, flags }), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(spec, word, fc.array(word, { maxLength: 3 }), flags, (raw, asked, args, wanted) => {
        const { syscalls, execs, opens } = profileOf(raw).spec;
        const packed = project(raw);
        expect(packed.usesSyscall(asked)).toBe(syscalls.includes(asked));
        const own = execs.filter((exec) => exec.path === asked);
        // A NUL is in no argument; where a document holds one it must not join two arguments to one.
        expect(packed.wasExecutedWith(asked, args)).toBe(
          own.some((exec) => JSON.stringify(exec.args) === JSON.stringify(args)),
        );
        const given = new Set<string>();
        expect(packed.someExecution(asked, (one) => given.add(JSON.stringify(one)).size === 0)).toBe(false);
        if (asked !== "") expect(given).toEqual(new Set(own.map((exec) => JSON.stringify(exec.args))));
        expect(packed.wasOpenedWith(asked, wanted)).toBe(
          opens.some((open) => open.path === asked && wanted.every((flag) => open.flags.includes(flag))),
        );
        for (const text of [asked, "/a"]) {
          expect(packed.hasOpenWithPrefix(text)).toBe(text === "" || opens.some((open) => open.path.startsWith(text)));
          expect(packed.hasOpenWithSuffix(text)).toBe(text === "" || opens.some((open) => open.path.endsWith(text)));
        }
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it("holds profiles beyond 65,535 characters and entries", () => {
    const opens = Array.from({ length: 70_000 }, (_, index) => ({ path: `/p/${index}`, flags: [] }));
    const large = project({ opens });
    for (const index of [0, 1, 65_535, 65_536, 69_999]) expect(large.wasOpened(`/p/${index}`)).toBe(true);
    expect(large.wasOpened("/p/70000")).toBe(false);
  });
});

describe("projectProfile", () => {
  it("keeps what a rule declares, wildcards, and surfaces that no rule declares [cache-test TestApply_*]", () => {
    const content = project(
      rich,
      { opens: [{ exact: "/etc/passwd" }], execs: [{ prefix: "/bin/l" }], capabilities: [{ contains: "HOW" }] },
      { opens: [{ suffix: ".log" }] },
    );
    expect(content.counts()).toMatchObject({ execs: 1, opens: 2, capabilities: 1, syscalls: 2, egressAddresses: 1 });
    expect([
      content.wasExecuted("/bin/ls"),
      content.wasExecuted("/bin/true"),
      content.wasExecuted("/usr/bin/x"),
    ]).toEqual([true, false, true]);
    expect([content.usesCapability("CHOWN"), content.usesCapability("SETUID")]).toEqual([true, false]);
  });

  it("answers flags, methods, arguments, ports and protocols of what it keeps exactly [cache-test TestApply_*]", () => {
    const content = project(rich, {
      opens: [{ prefix: "/etc" }],
      endpoints: "all",
      execs: "all",
      egressAddresses: [{ exact: "10.0.0.1" }],
    });
    expect(content.wasOpenedWith("/etc/passwd", ["O_TRUNC"])).toBe(true);
    expect(content.wasOpenedWith("/etc/passwd", ["O_RDWR"])).toBe(false);
    expect(content.wasEndpointAccessedWith(":443/", "POST")).toBe(true);
    expect(content.wasEndpointAccessedWith(":443/", "GET")).toBe(false);
    expect(content.wasExecutedWith("/bin/ls", ["ls"])).toBe(false);
    expect(content.hasAddressPort("egress", "10.0.0.1", 443, "TCP")).toBe(true);
    expect(content.hasAddressPort("egress", "10.0.0.1", 80, "TCP")).toBe(false);
  });

  it("carries checksum and projection, and changes nothing that it was given [cache-test TestApply_*]", () => {
    const profile = profileOf(rich);
    const before = structuredClone(profile);
    const spec = compileProjectionSpec([{ opens: "all" }]);
    const content = projectProfile(profile.spec, "sum", spec);
    expect([content.checksum, content.projectionHash]).toEqual(["sum", spec.hash]);
    expect(profile).toEqual(before);
  });
});

describe("compileProjectionSpec", () => {
  it("unites declarations, sorted, whatever their order, with `all` above patterns [cache-test TestCompileSpec_*]", () => {
    const one = { opens: [{ prefix: "/b" }, { prefix: "/a" }, { prefix: "/b" }], execs: [{ exact: "/bin/sh" }] };
    const two = { opens: [{ suffix: "x" }], execs: "all" };
    const spec = compileProjectionSpec([one, undefined, two]);
    expect(spec).toEqual(compileProjectionSpec([two, one]));
    expect(spec.surfaces.opens).toEqual({ all: false, exact: [], prefix: ["/a", "/b"], suffix: ["x"], contains: [] });
    expect(spec.surfaces.execs).toEqual({ all: true, exact: [], prefix: [], suffix: [], contains: [] });
    expect(spec.surfaces.syscalls).toBeUndefined();
    expect(spec.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(compileProjectionSpec([one]).hash).not.toBe(spec.hash);
  });

  it.each([
    [{ files: "all" }],
    [{ opens: [] }],
    [{ opens: "some" }],
    [{ opens: [{ exact: "a", prefix: "b" }] }],
    [{ opens: [{ regex: "a" }] }],
    [{ opens: [{ exact: 1 }] }],
    [{ opens: ["a"] }],
    ["all"],
  ])("refuses %j [cache-test TestCompileSpec_*]", (declaration) => {
    expect(() => compileProjectionSpec([declaration])).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_PROFILE_CACHE_INVALID_DECLARATION" }),
    );
  });
});
