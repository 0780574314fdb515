import { readFileSync } from "node:fs";
import { hasCode } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { parseRuleBinding } from "./read-rule-binding.ts";

function reasonOf(resource: unknown): string {
  try {
    parseRuleBinding("b", resource);
    return "";
  } catch (error) {
    return hasCode(error, "KINGLET_ERR_DETECTION_INVALID_BINDING") ? error.message : String(error);
  }
}

describe("parseRuleBinding", () => {
  it("reads what deploy/rules binds [rules S-3]", () => {
    const text = readFileSync(new URL("../../../deploy/rules/default-binding.yaml", import.meta.url), "utf8");
    const { namespaceSelector, podSelector, entries } = parseRuleBinding("all", parse(text));
    expect(namespaceSelector.matchExpressions).toMatchObject([{ operator: "NotIn" }]);
    expect(podSelector).toEqual({ matchLabels: {}, matchExpressions: [] });
    expect(entries[0]).toEqual({
      ruleId: "R0001",
      ruleName: undefined,
      ruleTags: undefined,
      severity: undefined,
      parameters: undefined,
    });
  });

  it.each([
    [{ spec: {} }, "spec.rules must be a list"],
    [7, "spec.rules must be a list"],
    [{ spec: { rules: [{}] } }, "spec.rules[0] must have one of ruleID, ruleName and ruleTags"],
    [{ spec: { rules: [{ ruleID: 7 }] } }, "spec.rules[0].ruleID must be a text"],
    [{ spec: { rules: [{ ruleTags: "x" }] } }, "spec.rules[0].ruleTags must be a list of texts"],
    [{ spec: { rules: [{ ruleID: "a", severity: "11" }] } }, "spec.rules[0].severity must be"],
    [{ spec: { rules: [{ ruleID: "a", parameters: [] }] } }, "spec.rules[0].parameters must be an object"],
    [{ spec: { rules: [{ ruleID: "a", parameters: { ports: 5 } }] } }, "spec.rules[0].parameters.ports must be"],
    [{ spec: { rules: [], podSelector: [] } }, "spec.podSelector must be an object"],
    [{ spec: { rules: [], podSelector: { matchLabels: { a: 1 } } } }, "spec.podSelector.matchLabels must have texts"],
    [
      { spec: { rules: [], namespaceSelector: { matchExpressions: [{ key: "a", operator: "Gt" }] } } },
      "operator must be one of In",
    ],
    [
      { spec: { rules: [], namespaceSelector: { matchExpressions: [{ key: "a", operator: "In", values: [] }] } } },
      "spec.namespaceSelector.matchExpressions[0].values must not be empty",
    ],
  ])("refuses %j [rules S-3]", (resource, reason) => {
    expect(reasonOf(resource)).toContain(reason);
  });

  it("leaves out no label that is asked for, whatever its key [rules S-3]", () => {
    const labels = JSON.parse('{ "__proto__": "x" }') as object;
    const { podSelector } = parseRuleBinding("b", { spec: { rules: [], podSelector: { matchLabels: labels } } });
    expect(Object.entries(podSelector.matchLabels)).toEqual([["__proto__", "x"]]);
  });

  it("takes an empty text for none, and severities as numbers, texts and names [rules S-3]", () => {
    const { entries } = parseRuleBinding("b", {
      spec: {
        rules: [
          { ruleID: "a", ruleName: "", ruleTags: [], severity: "7" },
          { ruleName: "n", severity: "High" },
          { ruleName: "m", severity: 2 },
        ],
      },
    });
    expect(entries.map(({ severity }) => severity)).toEqual([7, 8, 2]);
  });
});
