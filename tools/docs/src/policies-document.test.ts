import { readFileSync } from "node:fs";
import { join } from "node:path";
import { criterionNames, grammars } from "@kinglet/policy-engine/security-policy";
import { describe, expect, it } from "vitest";
import { renderPolicies } from "./policies-document.ts";

const root = join(import.meta.dirname, "../../..");
const written = readFileSync(join(root, "docs/policies.md"), "utf8");

describe("docs/policies.md", () => {
  it("holds the tables that the engine and the default pack give", () => {
    expect(renderPolicies(written, root)).toBe(written);
  });

  it("has a row for every criterion and every kind of value", () => {
    for (const name of criterionNames) expect(written).toContain(`\n| ${name} |`);
    for (const name of grammars().keys()) expect(written).toContain(`\n| \`${name}\` |`);
  });

  it("names only criteria that there are", () => {
    const named = [...written.matchAll(/fieldName: (.+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(criterionNames).toContain(name);
  });
});

describe("renderPolicies", () => {
  it("refuses a document without the places for its tables", () => {
    expect(() => renderPolicies("# Policies\n", root)).toThrow("no section criteria");
  });
});
