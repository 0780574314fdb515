import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRules } from "./read-rules.ts";

const rule = {
  enabled: true,
  id: "R0001",
  name: "Unexpected process launched",
  description: "",
  expressions: {
    message: "'unexpected ' + event.comm",
    uniqueId: "event.comm",
    ruleExpression: [{ eventType: "exec", expression: "true" }],
  },
  profileDependency: 0,
  severity: 1,
  supportPolicy: false,
  isTriggerAlert: true,
  mitreTactic: "TA0002",
  mitreTechnique: "T1059",
  tags: ["applicationprofile"],
};

const reading = (one: unknown) => readRules({ spec: { rules: [one] } });

describe("readRules", () => {
  it("reads a rule as existing resources have it, with members left out and others that are not known", () => {
    expect(reading({ ...rule, unknown: { a: 1 } })).toEqual({ rules: [rule], problems: [] });
    const { enabled, id, name, expressions } = rule;
    const { rules, problems } = reading({ enabled, id, name, expressions });
    expect(problems).toEqual([]);
    expect(rules[0]).toMatchObject({ severity: 1, profileDependency: 0, tags: [], isTriggerAlert: false });
  });

  it("puts the path that the kernel saw before the arguments, where older rules ask for the path [cel E-5]", () => {
    const expressionOf = (expression: string): string | undefined =>
      reading({ ...rule, expressions: { ...rule.expressions, ruleExpression: [{ eventType: "exec", expression }] } })
        .rules[0]?.expressions.ruleExpression[0]?.expression;
    const path = "(event.exepath != '' ? event.exepath : parse.get_exec_path(event.args, event.comm))";
    expect(expressionOf("!ap.was_executed('', parse.get_exec_path(event.args, event.comm))")).toBe(
      `!ap.was_executed('', ${path})`,
    );
    expect(expressionOf("parse.get_exec_path( event.args,event.comm , event.exepath) == 'a'")).toBe(`${path} == 'a'`);
    expect(expressionOf("parse.get_exec_path(['a'], event.comm) == 'a'")).toBe(
      "parse.get_exec_path(['a'], event.comm) == 'a'",
    );
  });

  it.each([
    [{ ...rule, id: 7 }, "spec.rules[0].id", "must be a text"],
    [{ ...rule, enabled: "yes" }, "spec.rules[0].enabled", "must be true or false"],
    [{ ...rule, severity: "high" }, "spec.rules[0].severity", "must be a number"],
    [{ ...rule, tags: "a" }, "spec.rules[0].tags", "must be a list of texts"],
    [{ ...rule, state: [] }, "spec.rules[0].state", "must be an object"],
    [{ ...rule, expressions: undefined }, "spec.rules[0].expressions.message", "must be given"],
    [
      { ...rule, expressions: { ...rule.expressions, ruleExpression: [{ eventType: "exce", expression: "true" }] } },
      "spec.rules[0].expressions.ruleExpression[0].eventType",
      expect.stringMatching(/^must be one of all, .* got "exce"$/),
    ],
    [Object.create({ id: "inherited" }), "spec.rules[0].id", "must be given"],
  ])("says what is wrong with %j and leaves the rule out", (one, path, message) => {
    const { rules, problems } = reading(one);
    expect(rules).toEqual([]);
    expect(problems).toContainEqual({ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE", path, message });
  });

  it("reads the other rules of a resource with a broken one", () => {
    const { rules, problems } = readRules({ spec: { rules: [{ ...rule, id: null }, rule] } });
    expect([rules, problems.length]).toEqual([[rule], 1]);
  });

  it("throws for nothing, and reports at most 100 problems", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (whole, one) => {
        readRules(whole);
        reading(one);
        reading({ ...rule, expressions: one });
      }),
      { seed: 1, numRuns: 500 },
    );
    const many = readRules({ spec: { rules: Array.from({ length: 2000 }, () => ({})) } });
    expect(many.problems).toHaveLength(100);
  });
});
