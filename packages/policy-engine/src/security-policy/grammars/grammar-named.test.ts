import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";

import { criteria } from "../criteria/criteria.ts";
import { grammarNamed, grammars } from "./grammar-named.ts";
import type { GrammarName } from "./grammar-name.ts";
import type { ParsedValue } from "./parsed-value.ts";

const text = (of: string): ParsedValue => ({ kind: "text", text: of });
const parts = (...of: string[]): ParsedValue => ({ kind: "parts", parts: of });
const number = (value: number, comparator: "=" | "<" | ">" | "<=" | ">=" = "="): ParsedValue => ({
  kind: "number",
  comparator,
  value,
});
const name = (of: string, rank: number, comparator: "=" | "<" | ">" | "<=" | ">=" = "="): ParsedValue => ({
  kind: "name",
  comparator,
  name: of,
  rank,
});
const uuid = "5b2f9d4e-7c1a-4e0b-9f63-0a8d2c4b6e11";

const cases: Readonly<
  Record<GrammarName, { right: readonly (readonly [string, ParsedValue])[]; wrong: readonly string[] }>
> = {
  text: {
    right: [
      ["a", text("a")],
      [" a\n", text(" a\n")],
    ],
    wrong: ["", " ", "\t\n"],
  },
  boolean: {
    right: [
      ["true", { kind: "boolean", value: true }],
      ["FALSE", { kind: "boolean", value: false }],
    ],
    wrong: ["", "yes", " true", "truefalse", "1"],
  },
  integer: {
    right: [
      ["0", number(0)],
      ["0090", number(90)],
    ],
    wrong: ["", "-1", "1.0", "1 ", "9".repeat(20), "٣"],
  },
  comparison: {
    right: [
      ["7", number(7)],
      [">= 7.5", number(7.5, ">=")],
      ["<.5", number(0.5, "<")],
      [">\t0", number(0, ">")],
      ["<=10", number(10, "<=")],
    ],
    wrong: ["", ">", "5.", "= 5", "=> 5", "1e3", "-1", "0x10", "Infinity", "5 ", "> 9".padEnd(400, "9")],
  },
  keyValue: {
    right: [
      ["a=", parts("a", "")],
      ["a=b=c", parts("a", "b=c")],
      ["a=\n", parts("a", "\n")],
    ],
    wrong: ["", "a", "=b", "="],
  },
  vulnerabilitySeverity: {
    right: [
      ["critical", name("CRITICAL", 4)],
      [">= Important", name("IMPORTANT", 3, ">=")],
      ["<LOW", name("LOW", 1, "<")],
    ],
    wrong: ["", ">", "HIGH", "= LOW", "LOW ", "CRITICAL_VULNERABILITY_SEVERITY"],
  },
  environmentVariable: {
    right: [
      ["==", parts("", "", "")],
      ["raw=KEY=v=w", parts("RAW", "KEY", "v=w")],
      ["=KEY=", parts("", "KEY", "")],
      ["SECRET_KEY=KEY=v", parts("SECRET_KEY", "KEY", "v")],
    ],
    wrong: ["", "KEY", "KEY=v", "ENV=KEY=v", "="],
  },
  dockerfileLine: {
    right: [
      ["add=.*", parts("ADD", ".*")],
      ["=x=y", parts("", "x=y")],
      ["FROM=scratch", parts("FROM", "scratch")],
      ["=", parts("", "")],
    ],
    wrong: ["", "ADD", "ADD x", "INSTALL=x"],
  },
  droppedCapability: {
    right: [
      ["all", name("ALL", 0)],
      ["NET_RAW", name("NET_RAW", 23)],
    ],
    wrong: ["", "CAP_NET_RAW", "NET", "NET_RAW "],
  },
  addedCapability: {
    right: [
      ["ALL", name("ALL", 0)],
      ["bpf", name("BPF", 5)],
    ],
    wrong: ["", "CAP_BPF", "ANY"],
  },
  rbacLevel: {
    right: [
      ["DEFAULT", name("DEFAULT", 0)],
      ["cluster_admin", name("CLUSTER_ADMIN", 3)],
    ],
    wrong: ["", "NONE", ">= DEFAULT", "ADMIN"],
  },
  exposure: { right: [["external", name("EXTERNAL", 1)]], wrong: ["", "LOADBALANCER"] },
  mountPropagation: { right: [["Bidirectional", name("BIDIRECTIONAL", 2)]], wrong: ["", "HOST_TO_CONTAINER"] },
  seccompProfileType: { right: [["unconfined", name("UNCONFINED", 0)]], wrong: ["", "RuntimeDefault"] },
  podOperation: { right: [["pods_exec", name("PODS_EXEC", 0)]], wrong: ["", "SECRETS", "PODS"] },
  auditedResource: { right: [["secrets", name("SECRETS", 0)]], wrong: ["", "PODS_EXEC", "PODS"] },
  apiVerb: { right: [["get", name("GET", 2)]], wrong: ["", "LIST", "WATCH", "*"] },
  kubernetesName: {
    right: [
      ["system:node", text("system:node")],
      ["a", text("a")],
      ["A-1", text("A-1")],
    ],
    wrong: ["", ":", "-a", "a-", "a b", "a@b", "a.b"],
  },
  ipAddress: {
    right: [
      ["10.0.0.1", text("10.0.0.1")],
      ["999.1.1.1", text("999.1.1.1")],
      ["::1", text("::1")],
      ["2001:db8::ff00:42:8329", text("2001:db8::ff00:42:8329")],
      ["1:2:3:4:5:6:7:8", text("1:2:3:4:5:6:7:8")],
      ["::ffff:192.0.2.1", text("::ffff:192.0.2.1")],
      ["::", text("::")],
    ],
    wrong: [
      "",
      "10.0.0",
      "10.0.0.0/8",
      "1:2:3:4:5:6:7",
      "1::2::3",
      ":1",
      "1:2:3:4:5:6:7:8:9",
      "g::",
      "1.2.3.4::",
      "fe80::1%eth0",
    ],
  },
  signatureIntegration: {
    right: [[`io.stackrox.signatureintegration.${uuid}`, text(`io.stackrox.signatureintegration.${uuid}`)]],
    wrong: ["", uuid, "io.stackrox.signatureintegration.", `ioxstackrox.signatureintegration.${uuid}`],
  },
  fileOperation: {
    right: [
      ["open", name("OPEN", 0)],
      ["XATTR_CHANGE", name("XATTR_CHANGE", 6)],
    ],
    wrong: ["", "READ"],
  },
  filePath: {
    right: ["/", "/etc/*", "/a/**/b", "/x[!a]", "/{a,{b,c}}", "/a..b", "/\\[", "/x[\\]]"].map((path) => [
      path,
      text(path),
    ]),
    wrong: ["", "etc", "/a/../b", "/..", "/[", "/[]", "/x[!]", "/{a", "/a}", "/\\", "/x[\\]"],
  },
};

describe("grammarNamed", () => {
  for (const [of, { right, wrong }] of Object.entries(cases)) {
    it.each(right)(`reads ${of} %j [policy V-6]`, (value, parsed) => {
      expect(grammarNamed(of as GrammarName).parse(value)).toEqual(parsed);
    });

    it.each(wrong.map((value) => [value]))(`refuses ${of} %j with one line [policy V-6]`, (value) => {
      const problem = grammarNamed(of as GrammarName).parse(value);
      expect(problem).toEqual({ kind: "problem", message: expect.stringMatching(/^\S.*[^.\s]$/) });
    });
  }

  it("has a grammar for every criterion, and no other", () => {
    const used = new Set([...criteria().values()].map((row) => row.grammar));
    expect([...grammars().keys()].toSorted()).toEqual([...used, "auditedResource"].toSorted());
  });

  it("reads its own examples and permitted values", () => {
    for (const grammar of grammars().values()) {
      for (const value of [...grammar.examples, ...(grammar.permitted ?? [])]) {
        expect(grammar.parse(value).kind, `${grammar.name} ${value}`).not.toBe("problem");
      }
    }
  });

  it("cautions about values that only existing installations should have", () => {
    const caution = (of: GrammarName, value: string): string | undefined => {
      const grammar = grammarNamed(of);
      return grammar.caution?.(grammar.parse(value) as ParsedValue);
    };
    expect(caution("environmentVariable", "SECRET_KEY=KEY=v")).toContain("never by its value");
    expect(caution("environmentVariable", "SECRET_KEY=KEY=")).toBeUndefined();
    expect(caution("environmentVariable", "RAW=KEY=v")).toBeUndefined();
    expect(caution("dockerfileLine", "FROM=scratch")).toContain("FROM");
    expect(caution("dockerfileLine", "RUN=x")).toBeUndefined();
    expect(caution("ipAddress", "999.1.1.1")).toContain("255");
    expect(caution("ipAddress", "10.0.0.1")).toBeUndefined();
  });

  it("names the capability when only CAP_ is too much", () => {
    expect(grammarNamed("addedCapability").parse("cap_sys_admin")).toEqual({
      kind: "problem",
      message: "write it without CAP_: SYS_ADMIN",
    });
  });

  it("never throws, whatever the text, and reads the same value the same way", () => {
    const all = [...grammars().values()];
    assert(
      property(string({ unit: "binary", maxLength: 60 }), (value) => {
        for (const grammar of all) expect(grammar.parse(value)).toEqual(grammar.parse(value));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("joins parts back to the value they came from", () => {
    const part = string({ maxLength: 10 });
    const key = part.filter((one) => one !== "" && !one.includes("="));
    assert(
      property(key, part, (left, right) => {
        expect(grammarNamed("keyValue").parse(`${left}=${right}`)).toEqual(parts(left, right));
        expect(grammarNamed("environmentVariable").parse(`RAW=${left}=${right}`)).toEqual(parts("RAW", left, right));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
