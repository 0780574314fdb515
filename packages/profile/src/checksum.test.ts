import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { checksum } from "./checksum.ts";
import { parseContainerProfile } from "./parse-container-profile.ts";

function profileOf(spec: unknown, metadata: object = {}): ReturnType<typeof parseContainerProfile> {
  return parseContainerProfile({ metadata: { name: "a", namespace: "b", ...metadata }, spec });
}

const text = fc.string({ maxLength: 12 });
const texts = fc.uniqueArray(text, { maxLength: 5 });
const anySpec = fc.record({
  capabilities: texts,
  execs: fc.array(
    fc.record({ path: text.map((tail) => `/${tail}`), args: fc.array(text, { maxLength: 3 }), envs: texts }),
    {
      maxLength: 6,
    },
  ),
  opens: fc.array(fc.record({ path: text.map((tail) => `/${tail}`), flags: texts }), { maxLength: 6 }),
  syscalls: texts,
  egress: fc.array(fc.record({ identifier: text, dnsNames: texts }), { maxLength: 4 }),
  matchLabels: fc.dictionary(text, text, { maxKeys: 3 }),
});

describe("checksum", () => {
  it("is 64 hex digits", () => {
    expect(checksum(profileOf({}))).toMatch(/^[0-9a-f]{64}$/);
  });

  it("does not depend on the order of sets, at any depth, nor on duplicates [profile checksum]", () => {
    const reverse = (value: unknown, key = ""): unknown => {
      if (Array.isArray(value)) {
        const items = value.map((item) => reverse(item));
        // Arguments are a list, everything else here is a set.
        return key === "args" ? items : [...items, ...items.slice(0, 1)].reverse();
      }
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, member]) => [name, reverse(member, name)]),
      );
    };
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(checksum(profileOf(reverse(spec)))).toBe(checksum(profileOf(spec)));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("tells apart what a text with quotes, control characters or half a pair would make look alike", () => {
    const specs = [
      { opens: [{ path: "/a", flags: ["b"] }] },
      { opens: [{ path: '/a",["b' }] },
      { opens: [{ path: "/a\\" }] },
      { opens: [{ path: "/a\u0000" }] },
      { opens: [{ path: "/a\ud800" }] },
      { opens: [{ path: "/a\udc00" }] },
      { opens: [{ path: "/a\ufffd" }] },
      { seccompProfile: { spec: { a: 1 } } },
      { seccompProfile: { spec: [["a", 1]] } },
    ];
    expect(new Set(specs.map((spec) => checksum(profileOf(spec)))).size).toBe(specs.length);
  });

  it("takes as many entries of one path as a document may have", () => {
    const opens = Array.from({ length: 150_000 }, (_, index) => ({ path: "/a", flags: [String(index)] }));
    const { spec } = profileOf({});
    expect(checksum({ spec: { ...spec, opens } })).toBe(checksum({ spec: { ...spec, opens: opens.toReversed() } }));
  });

  it("does not depend on name, version or status", () => {
    const other = { name: "z", resourceVersion: "9", annotations: { "kubescape.io/status": "completed" } };
    expect(checksum(profileOf({ syscalls: ["read"] }, other))).toBe(checksum(profileOf({ syscalls: ["read"] })));
  });

  it("changes with any content", () => {
    const specs = [
      {},
      { capabilities: ["x"] },
      { syscalls: ["x"] },
      { architectures: ["x"] },
      { imageID: "x" },
      { imageTag: "x" },
      { execs: [{ path: "/x" }] },
      { execs: [{ path: "/x", argsRequired: true }] },
      { execs: [{ path: "/x", args: ["a", "b"] }] },
      { execs: [{ path: "/x", args: ["b", "a"] }] },
      { execs: [{ path: "/x", envs: ["a"] }] },
      { opens: [{ path: "/x" }] },
      { opens: [{ path: "/x", flags: ["O_RDWR"] }] },
      { endpoints: [{ endpoint: ":80/" }] },
      { endpoints: [{ endpoint: ":80/", direction: "inbound" }] },
      { endpoints: [{ endpoint: ":80/", headers: { a: ["b"] } }] },
      { rulePolicies: { R1: { containerAllowed: true } } },
      { rulePolicies: { R1: { processAllowed: ["x"] } } },
      { seccompProfile: { name: "x" } },
      { seccompProfile: { spec: { a: [1] } } },
      { ingress: [{ identifier: "x" }] },
      { egress: [{ identifier: "x" }] },
      { egress: [{ identifier: "x", podSelector: {} }] },
      { egress: [{ identifier: "x", namespaceSelector: {} }] },
      { egress: [{ identifier: "x", ports: [{ name: "TCP-1", protocol: "TCP", port: 1 }] }] },
      { matchLabels: { a: "b" } },
      { matchExpressions: [{ key: "a", operator: "Exists" }] },
      { identifiedCallStacks: [{ callID: "x" }] },
      { identifiedCallStacks: [{ callID: "x", callStack: { root: { children: [{ frame: { lineno: "1" } }] } } }] },
      { containers: [{ name: "x" }] },
      { initContainers: [{ name: "x" }] },
      { ephemeralContainers: [{ name: "x" }] },
    ];
    expect(new Set(specs.map((spec) => checksum(profileOf(spec)))).size).toBe(specs.length);
  });

  it("does not depend on the order of members in the seccomp profile", () => {
    const left = { seccompProfile: { spec: { a: 1, b: { c: 2, d: 3 } } } };
    const right = { seccompProfile: { spec: { b: { d: 3, c: 2 }, a: 1 } } };
    expect(checksum(profileOf(left))).toBe(checksum(profileOf(right)));
  });
});
