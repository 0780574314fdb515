import { describe, expect, it } from "vitest";
import type { ControlledObject } from "./controlled-resource.ts";
import { createRulesJudge } from "./judge-rules.ts";

function rules(
  ...conditions: readonly { readonly eventType: string; readonly expression: string }[]
): ControlledObject {
  const expressions = { message: "event.comm", uniqueId: "event.comm", ruleExpression: conditions };
  return {
    apiVersion: "kubescape.io/v1",
    kind: "Rules",
    metadata: { name: "mine", namespace: "kinglet", uid: "u", resourceVersion: "1" },
    spec: { rules: [{ id: "X1", name: "mine", enabled: true, severity: 1, expressions }] },
  };
}

const runs = { eventType: "exec", expression: "event.comm == 'sh'" };
/** Needs the library for patterns, which the sensor loads for none. */
const cannotRun = { eventType: "open", expression: "event.path.matches('^(/[a-z]+)+/(b|c){2}$')" };

describe("createRulesJudge", () => {
  it("puts a resource in force whose rules run in part, and says what of it does not", async () => {
    const judge = createRulesJudge();
    expect(await judge(rules(runs))).toEqual({ isValid: true, claimedName: undefined, message: "" });
    const inPart = await judge(rules(runs, cannotRun));
    expect(inPart.isValid, inPart.message).toBe(true);
    expect(inPart.message).toContain("rule X1: expressions.ruleExpression[1].expression: ");
  });

  it("keeps a resource out of force of which a rule does not run at all", async () => {
    const judge = createRulesJudge();
    const { isValid, message } = await judge(rules(cannotRun));
    expect(isValid).toBe(false);
    expect(message).toContain("rule X1: ");
  });
});
