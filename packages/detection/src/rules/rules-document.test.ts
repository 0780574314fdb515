import { readFileSync } from "node:fs";
import { celFunctionDeclarations } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";

import { ruleEventFields } from "../rule-event.ts";
import { builtinRules } from "./builtin-rules.ts";

const text = readFileSync(new URL("../../../../docs/rules.md", import.meta.url), "utf8");

describe("docs/rules.md", () => {
  it("has a row for every built-in rule, with its events, need of a profile and severity [rules D-4]", () => {
    const rows = [
      ...text.matchAll(/^\| (R\d{4})( \(off\))? \| ([^|]+) \| ([^|]+) \| (needs|uses|none) \| (\d+) \|/gm),
    ].map(
      ([, id, off, name, events, need, severity]) =>
        `${id} ${off === undefined} ${name}: ${events}, ${need}, ${severity}`,
    );
    const needs = ["needs", "uses", "none"];
    const rules = builtinRules.map(({ id, enabled, name, expressions, profileDependency, severity }) => {
      const events = expressions.ruleExpression.map(({ eventType }) => eventType).join(", ");
      return `${id} ${enabled} ${name}: ${events}, ${needs[profileDependency]}, ${severity}`;
    });
    expect(rows).toEqual(rules);
  });

  it("names every field that events have, and every function [rules D-4]", () => {
    const fields = [...new Set(Object.values(ruleEventFields).flat())];
    expect(fields.filter((field) => !text.includes(`\`${field}\``))).toEqual([]);
    const functions = Object.keys(celFunctionDeclarations).map((name) =>
      name
        .replace(/^cp\.(was_path_opened|was_executed|was_endpoint_accessed)_with/, "..._with")
        .replace(/^cp\..*(?=_in_ingress)/, "..."),
    );
    expect(functions.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
  });
});
