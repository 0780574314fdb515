import { ExecEvent } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";

import type { Detector } from "../src/detector.ts";
import { containerOf } from "./containers.ts";
import { detectorWith } from "./detector-with.ts";
import { profileViewWith } from "./profile-views.ts";
import { ruleOf } from "./rules.ts";

const container = containerOf();
const event = new ExecEvent({ sequence: 1, binary: "/usr/bin/app", parentBinary: "/bin/sh", pid: 7, parentPid: 1 });
const idsOf = (detector: Detector): readonly string[] => detector.detect(event, container).map(({ ruleId }) => ruleId);

describe("createDetector", () => {
  it("runs the rule that an invalid one was to replace, until that one is valid [rules B-6]", async () => {
    const builtin = [ruleOf("R1"), ruleOf("R2", { enabled: false }), ruleOf("R3", { tags: ["context:host"] })];
    const broken = ["R1", "R2", "R3"].map((id) => ruleOf(id, { name: "own" }, ["exec", "nonsense("]));
    const detector = await detectorWith(broken, { fallbackFor: (id) => builtin.find((rule) => rule.id === id) });
    const names = (): readonly string[] => detector.detect(event, container).map(({ ruleName }) => ruleName);
    expect(names()).toEqual(["rule R1"]);
    expect(detector.invalidRules.map(({ ruleId }) => ruleId)).toEqual(["R1", "R2", "R3"]);
    detector.setRules(broken);
    // What it did is not forgotten.
    expect(detector.activity).toMatchObject([{ ruleId: "R1", matches: 1 }]);
    detector.setRules([ruleOf("R1", { name: "own" })]);
    expect([names(), detector.invalidRules]).toEqual([["own"], []]);
    detector.setRules([ruleOf("R1", { enabled: false }, ["exec", "nonsense("])]);
    expect(names()).toEqual([]);
  });

  it("runs nothing in the place of an invalid rule when the other is invalid too [rules B-6]", async () => {
    const broken = ruleOf("R1", {}, ["exec", "nonsense("]);
    for (const fallback of [broken, ruleOf("R1", {}, ["exec", "worse("])]) {
      const detector = await detectorWith([broken], { fallbackFor: () => fallback });
      expect(idsOf(detector)).toEqual([]);
      expect(detector.invalidRules).toHaveLength(1);
    }
  });

  it("learns a policy anew for a container whose older profile has it, without an alert [rules L-1]", async () => {
    const recorded: string[] = [];
    const rule = ruleOf("R1", { supportPolicy: true, profileDependency: 1 });
    const profile = profileViewWith({ rulePolicies: { R1: { processAllowed: ["app"], containerAllowed: false } } });
    const detector = await detectorWith([rule], {
      profiles: { get: () => profile },
      learning: { isLearning: () => true, recordRulePolicy: (_, ruleId, name) => recorded.push(`${ruleId} ${name}`) },
    });
    expect(idsOf(detector)).toEqual([]);
    expect(recorded).toEqual(["R1 app"]);
  });
});
