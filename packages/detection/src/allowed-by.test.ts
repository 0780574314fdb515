import { DnsEvent, ExecEvent, LinkEvent, NetworkEvent, OpenEvent } from "@kinglet/enrichment";
import { redact } from "@kinglet/logger";
import type { RuleDefinition } from "@kinglet/policy-engine";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { findAllowance } from "./allowed-by.ts";

const rule = { id: "R0001", supportPolicy: false, profileDependency: 0 } as RuleDefinition;

/** The obvious version: every argument, and every two in a row. */
function hidden(argv: readonly string[]): readonly string[] {
  return argv.map((arg, at) => {
    const before = argv[at - 1];
    const isSecret = redact(arg) !== arg;
    const isTold = before !== undefined && redact(`${before} ${arg}`) !== `${redact(before)} ${arg}`;
    return isSecret || isTold ? "\u22ef" : arg;
  });
}

describe("findAllowance", () => {
  it("hides what is secret in an argument or in two in a row, whatever stands around them", () => {
    const piece = fc.constantFrom(
      ...[
        "--password",
        "-p",
        "-u",
        "--user",
        "--token",
        "token",
        "secret=",
        "password:",
        "cookie",
        "bearer",
        "Bearer ",
      ],
      ...[
        "authorization",
        "Basic",
        "abcdefghij",
        "user:pw",
        "https://u:p@h/",
        "://",
        "=",
        ":",
        '"',
        "'",
        ",",
        " ",
        "-",
        "x",
        "",
      ],
      ...["-----BEGIN PRIVATE KEY-----", "-----END", "ghp_abcdefghijklmnopqrstuvwxyz", "eyJabcdefghijklmnopqrs.t"],
    );
    const arg = fc.array(piece, { maxLength: 3 }).map((parts) => parts.join(""));
    let changed = 0;
    fc.assert(
      fc.property(fc.array(arg, { minLength: 1, maxLength: 5 }), (argv) => {
        const found = findAllowance(rule, new ExecEvent({ sequence: 1, binary: "/b", argv }));
        if (hidden(argv).includes("\u22ef")) changed++;
        expect(found?.entry).toEqual({ path: "/b", args: hidden(argv) });
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(changed).toBeGreaterThan(1_000);
  });

  it("leaves what is redacted already as learning would have recorded it", () => {
    const argv = ["/b", "--password", "[redacted]", "token=[redacted]", "Authorization:", "Basic", "[redacted]"];
    const { entry } = findAllowance(rule, new ExecEvent({ sequence: 1, binary: "/b", argv })) ?? {};
    expect(entry).toEqual({ path: "/b", args: argv });
  });

  it("names an entry that matches also where nobody can tell the arguments apart, and says so [rules T-2]", () => {
    const any = "\u22ef\u22ef";
    const isShortened = true;
    const flags = "execve truncArgs";
    for (const [unknown, found] of [
      [{ args: "a 'b c'" }, { args: ["/b", "a", "'b", "c'"] }],
      [{ args: ' "a b" "c d"' }, { args: ["/b", "a b", "c d"] }],
      [{ args: 'a --password=[redacted] "', argv: null }, { args: ["/b", "a", "--password=[redacted]", '"'] }],
      [{ args: 'x\' "a b" \u22ef' }, { args: ["/b", "x'", "a b", any], isShortened }],
      [{ args: `x" ${"y".repeat(20_000)} z` }, { args: ["/b", 'x"', any], isShortened }],
      [{ args: `' ${"y".repeat(600)} ${"z".repeat(4_000)}` }, { args: ["/b", "'", "\u22ef", "\u22ef"], isShortened }],
      [
        { args: 'a "b c" d', isTruncated: true, flags },
        { args: ["/b", "a", "b c", any], isShortened },
      ],
      [
        { args: "a", isTruncated: true, flags },
        { args: [any], isShortened },
      ],
      [
        { args: "a b", isTruncated: true, flags: "truncArgs errorFilename" },
        { args: [any], isShortened },
      ],
      [
        { source: "linux-audit", args: "a b", isTruncated: true },
        { args: ["/b", "a", any], isShortened },
      ],
      [
        { source: "linux-audit", isTruncated: true },
        { args: [any], isShortened },
      ],
    ] as const) {
      const event = new ExecEvent({ sequence: 1, source: "tetragon", binary: "/b", ...unknown });
      expect(event.argv).toBeUndefined();
      const { args, ...more } = found;
      expect(findAllowance(rule, event), event.args.slice(0, 80)).toEqual({
        path: "spec.execs",
        entry: { path: "/b", args },
        ...more,
      });
    }
  });

  it("names what the rule asks about alone, and nothing where it asks for nothing that an entry would answer [rules T-4]", () => {
    const exec = new ExecEvent({ sequence: 1, binary: "/b", argv: ["/b"] });
    expect(findAllowance(rule, exec, () => false)).toBeUndefined();
    expect(findAllowance(rule, exec, ({ path }) => path === "spec.opens")?.entry).toEqual({ path: "/b", flags: [] });
    const link = new LinkEvent({ sequence: 1, kind: "symlink", oldPath: "/etc/a", newPath: "/tmp/b" });
    expect(findAllowance(rule, link)).toEqual({ path: "spec.opens", entry: { path: "/etc/a", flags: [] } });
    const hook = new NetworkEvent({ sequence: 1, direction: "egress", address: "192.0.2.1", port: 443, protocol: "" });
    expect(findAllowance(rule, hook)?.entry).toMatchObject({ ipAddress: "192.0.2.1", ports: [] });
  });

  it.each([
    ["a program", new ExecEvent({ sequence: 1, binary: "/*", argv: ["/*"] })],
    ["a program in any folder", new ExecEvent({ sequence: 1, binary: "/\u22ef/x", argv: ["x"] })],
    ["any arguments", new ExecEvent({ sequence: 1, binary: "/bin/sh", argv: ["sh", "-c", "\u22ef\u22ef"] })],
    ["any argument", new ExecEvent({ sequence: 1, binary: "/bin/sh", argv: ["sh", "\u22ef"] })],
    ["a file", new OpenEvent({ sequence: 1, path: "/*" })],
    ["a file in any folder", new OpenEvent({ sequence: 1, path: "/home/*/.ssh" })],
    ["a host", new DnsEvent({ sequence: 1, name: "*.example.com." })],
  ])("names no entry for a name that profiles read as a wildcard: %s [rules W-1]", (_what, event) => {
    expect(findAllowance(rule, event)).toBeUndefined();
  });

  it("names an entry for a star that is none [rules W-1]", () => {
    const glob = new ExecEvent({ sequence: 1, binary: "/bin/ls*", argv: ["ls", "*"] });
    expect(findAllowance(rule, glob)?.entry).toEqual({ path: "/bin/ls*", args: ["ls", "*"] });
    const open = new OpenEvent({ sequence: 1, path: "/srv/a*b" });
    expect(findAllowance(rule, open)?.path).toBe("spec.opens");
  });
});
