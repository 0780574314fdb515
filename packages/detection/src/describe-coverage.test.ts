import type { ActivityEventKind } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";

import { ruleOf } from "../test/rules.ts";
import { describeCoverage, type SourceCoverage } from "./describe-coverage.ts";
import { builtinRules } from "./rules/builtin-rules.ts";

const source = (
  name: string,
  kinds: readonly ActivityEventKind[],
  seen?: readonly ActivityEventKind[],
): SourceCoverage => ({
  name,
  kinds: new Set(kinds),
  ...(seen === undefined ? {} : { seenKinds: new Set(seen) }),
});
const audit = source("linux-audit", [
  "exec",
  "open",
  "network",
  "syscall",
  "symlink",
  "hardlink",
  "bpf",
  "kmod",
  "ptrace",
  "unshare",
  "iouring",
]);

describe("describeCoverage", () => {
  it("names the rules that a source leaves blind, and why [rules K-1]", () => {
    const blind = describeCoverage(builtinRules, [audit]).filter(
      ({ state }) => state !== "fed" && state !== "disabled",
    );
    expect(blind.map(({ ruleId, state, reason }) => `${ruleId} ${state}: ${reason}`)).toMatchInlineSnapshot(`
      [
        "R0004 blind: rule R0004 is blind: it needs a source with capability events: Tetragon with deploy/tetragon",
        "R0005 blind: rule R0005 is blind: it needs a source with DNS events: Tetragon with deploy/tetragon",
        "R1008 blind: rule R1008 is blind: it needs a source with DNS events: Tetragon with deploy/tetragon",
      ]
    `);
  });

  it("tells what is fed, in part, not seen so far, blind and disabled [rules K-1]", () => {
    const twice = ruleOf("R2", {}, ["exec", "true"]);
    const both = {
      ...twice,
      expressions: {
        ...twice.expressions,
        ruleExpression: [...twice.expressions.ruleExpression, { eventType: "http" as const, expression: "true" }],
      },
    };
    const rules = [
      ruleOf("R1"),
      both,
      ruleOf("R3", {}, ["open", "true"]),
      ruleOf("R4", {}, ["ssh", "true"]),
      ruleOf("R5", { enabled: false }),
      ruleOf("R6", {}, ["exec", "has(event.upperlayer) && event.upperlayer"]),
      ruleOf("R7", {}, ["all", "true"]),
      ruleOf("R8", {}, ["exec", "!has(event.hasTty) || event.hasTty"]),
      ruleOf("R9", {}, ["exec", "has(event.hasTty) && event.hasTty"]),
    ];
    const sources = [source("file", ["exec", "open"], ["exec"]), source("audit", ["exec"], [])];
    expect(
      describeCoverage(rules, sources).map(({ ruleId, state, fedBy }) => `${ruleId} ${state} ${fedBy.join("+")}`),
    ).toEqual([
      "R1 fed file+audit",
      "R2 partly file+audit",
      "R3 unseen file",
      "R4 blind ",
      "R5 disabled file+audit",
      "R6 blind ",
      "R7 fed file+audit",
      "R8 fed file+audit",
      "R9 blind ",
    ]);
  });

  it("has every rule blind without a source [rules K-1]", () => {
    const states = new Set(describeCoverage(builtinRules, []).map(({ state }) => state));
    expect([...states].sort()).toEqual(["blind", "disabled"]);
  });
});
