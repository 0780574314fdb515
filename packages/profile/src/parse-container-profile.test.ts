import type { KingletError } from "@kinglet/errors";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { freezeProfile } from "./freeze-profile.ts";
import { parseContainerProfile } from "./parse-container-profile.ts";

const metadata = { name: "replicaset-web-77b4fdf86c-web-0000-ffff", namespace: "shop" };

const full = {
  apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
  kind: "ContainerProfile",
  metadata: {
    ...metadata,
    uid: "u-1",
    resourceVersion: "42",
    annotations: { "kubescape.io/status": "completed" },
    labels: { "kubescape.io/workload-kind": "Deployment" },
  },
  spec: {
    architectures: ["amd64"],
    capabilities: ["NET_BIND_SERVICE"],
    execs: [{ path: "/bin/sh", args: ["sh", "-c"], envs: ["A=1"], argsRequired: true }],
    opens: [{ path: "/etc/hosts", flags: ["O_RDONLY"] }],
    syscalls: ["read", "write"],
    seccompProfile: { name: "s", path: "p.json", spec: { defaultAction: "SCMP_ACT_ERRNO" } },
    endpoints: [
      { endpoint: ":80/", methods: ["GET"], internal: true, direction: "inbound", headers: { Host: ["shop.example"] } },
    ],
    imageID: "docker.io/library/web@sha256:00",
    imageTag: "docker.io/library/web:1",
    rulePolicies: { R0001: { processAllowed: ["sh"], containerAllowed: false } },
    identifiedCallStacks: [
      {
        callID: "c1",
        callStack: {
          root: {
            children: [{ children: [], frame: { fileID: "7", lineno: "12", frameType: 2 } }],
            frame: { fileID: "", lineno: "", frameType: 0 },
          },
        },
      },
    ],
    ingress: [],
    egress: [
      {
        identifier: "e1",
        type: "external",
        dns: "",
        dnsNames: ["kubernetes.io."],
        ports: [
          { name: "TCP-443", protocol: "TCP", port: 443 },
          { name: "UDP-any", protocol: "UDP", port: null },
        ],
        podSelector: null,
        namespaceSelector: { matchLabels: { a: "b" }, matchExpressions: [] },
        ipAddress: "",
        ipAddresses: ["10.0.0.0/8"],
      },
    ],
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "tier", operator: "In", values: ["front"] }],
    containers: [],
    initContainers: [],
    ephemeralContainers: [],
  },
};

function problemsOf(value: unknown): readonly string[] {
  try {
    parseContainerProfile(value);
  } catch (error) {
    expect(error).toMatchObject({ code: "KINGLET_ERR_PROFILE_INVALID" });
    return (error as KingletError).details["list"] as readonly string[];
  }
  return [];
}

describe("parseContainerProfile", () => {
  it("keeps every field of a complete document", () => {
    expect(parseContainerProfile(full)).toEqual(full);
  });

  it("reads absent and null lists as empty, so that readers need no checks", () => {
    const profile = parseContainerProfile({ metadata, spec: { execs: null, egress: [{ identifier: "x" }] } });
    expect(profile.kind).toBe("ContainerProfile");
    expect(profile.spec).toMatchObject({ execs: [], opens: [], rulePolicies: {}, containers: [], imageID: "" });
    expect(profile.spec.egress[0]).toMatchObject({ dnsNames: [], ports: [], podSelector: null });
  });

  it("drops what it does not know, managedFields among it", () => {
    const profile = parseContainerProfile({ ...full, status: {}, metadata: { ...full.metadata, managedFields: [{}] } });
    expect(profile).toEqual(full);
  });

  it("reads grouped documents", () => {
    const spec = { initContainers: [{ name: "setup", execs: [{ path: "/bin/cp" }] }] };
    const profile = parseContainerProfile({ metadata, spec });
    expect(profile.spec.initContainers[0]).toMatchObject({ name: "setup", execs: [{ path: "/bin/cp", args: [] }] });
  });

  it("reports every problem with its path", () => {
    const problems = problemsOf({
      kind: "ApplicationProfile",
      metadata: { name: "x", annotations: { a: 1 } },
      spec: {
        capabilities: "all",
        execs: [{ path: "/a", args: ["ok", 7] }, "nope", { args: [] }],
        endpoints: [{ endpoint: ":80/", direction: "sideways" }],
        egress: [{ ports: [{ port: 70_000 }] }],
        rulePolicies: { R0001: [] },
      },
    });
    expect(problems).toEqual([
      'kind: expected ContainerProfile, got "ApplicationProfile"',
      "metadata.annotations.a: expected text, got 1",
      "metadata.namespace: is required",
      'spec.capabilities: expected a list, got "all"',
      "spec.execs[0].args[1]: expected text, got 7",
      'spec.execs[1]: expected an object, got "nope"',
      "spec.execs[2].path: is required",
      'spec.endpoints[0].direction: expected inbound or outbound, got "sideways"',
      "spec.rulePolicies.R0001: expected an object",
      "spec.egress[0].ports[0].port: expected a whole number from 0 to 65535, got 70000",
    ]);
  });

  it("lists at most 50 problems and counts the others", () => {
    const spec = { syscalls: Array.from({ length: 80 }, () => 1) };
    expect(problemsOf({ metadata, spec })).toHaveLength(50);
    expect(() => parseContainerProfile({ metadata, spec })).toThrow(/^shop\/.* is not a valid ContainerProfile/);
  });

  it("refuses documents over its limits", () => {
    const tooLarge = expect.objectContaining({ code: "KINGLET_ERR_PROFILE_TOO_LARGE" });
    const syscalls = Array.from({ length: 200_001 }, () => "read");
    expect(() => parseContainerProfile({ metadata, spec: { syscalls } })).toThrow(tooLarge);
    let node: object = {};
    for (let depth = 0; depth < 5_000; depth += 1) node = { children: [node] };
    const stacks = [{ callID: "c", callStack: { root: node } }];
    expect(() => parseContainerProfile({ metadata, spec: { identifiedCallStacks: stacks } })).toThrow(tooLarge);
    let deep: object = {};
    for (let depth = 0; depth < 5_000; depth += 1) deep = { deep };
    expect(() => parseContainerProfile({ metadata, spec: { seccompProfile: { spec: deep } } })).toThrow(tooLarge);
    expect(problemsOf({ metadata, spec: { imageID: "x".repeat(131_073) } })).toEqual([
      "spec.imageID: has 131073 characters, at most 131072 are read",
    ]);
  });

  it("shares equal lists of strings within a document", () => {
    const opens = [
      { path: "/a", flags: ["O_RDONLY", "O_CLOEXEC"] },
      { path: "/b", flags: ["O_RDONLY", "O_CLOEXEC"] },
      { path: "/c", flags: ["O_RDONLY\0O_CLOEXEC"] },
    ];
    const profile = parseContainerProfile({ metadata, spec: { opens } });
    expect(profile.spec.opens[0]?.flags).toBe(profile.spec.opens[1]?.flags);
    expect(profile.spec.opens).toEqual(opens);
  });

  it("keeps a member called __proto__ a member", () => {
    const document = JSON.parse(
      '{"metadata":{"name":"a","namespace":"b"},"spec":{"matchLabels":{"__proto__":"x"}}}',
    ) as unknown;
    const { matchLabels } = parseContainerProfile(document).spec;
    expect(Object.getPrototypeOf(matchLabels)).toBe(Object.prototype);
    expect(Object.keys(matchLabels)).toEqual(["__proto__"]);
  });

  it("throws coded errors only, whatever it is given", () => {
    fc.assert(
      fc.property(fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() }), fc.jsonValue(), (document, other) => {
        for (const value of [document, other]) {
          try {
            parseContainerProfile(value);
          } catch (error) {
            expect((error as KingletError).code).toMatch(/^KINGLET_ERR_PROFILE_/);
          }
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("reads its own output unchanged", () => {
    const once = parseContainerProfile(full);
    expect(parseContainerProfile(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });
});

describe("freezeProfile", () => {
  it("makes writing to any part fail", () => {
    const profile = freezeProfile(parseContainerProfile(structuredClone(full)));
    const flags = profile.spec.opens[0]?.flags as string[];
    expect(() => flags.push("O_RDWR")).toThrow(TypeError);
    expect(() => Object.assign(profile.spec, { imageID: "" })).toThrow(TypeError);
  });

  it("counts what it passes through unread", () => {
    const syscalls = Array.from({ length: 200_001 }, () => "read");
    const document = { metadata: { name: "a", namespace: "b" }, spec: { seccompProfile: { spec: { syscalls } } } };
    expect(() => parseContainerProfile(document)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_PROFILE_TOO_LARGE" }),
    );
  });
});
