import { describe, expect, it } from "vitest";
import { renderExplanation, type Explanation } from "./render-explanation.ts";

const container = {
  namespace: "shop",
  pod: "web-1",
  container: "web",
  containerId: "ab12",
  state: "active",
  reason: "",
  since: "",
  profile: "web",
  origin: "learned",
  status: "completed",
  fetchedAt: "",
  isStale: false,
  unobserved: [],
  learning: null,
  rules: [],
  bindings: [],
  lastEvents: [],
};
const explanation: Explanation = {
  containers: [container],
  missing: "",
  source: {
    name: "linux-audit",
    connected: true,
    reason: "",
    droppedByUs: 0,
    droppedUpstream: 0,
    isEstimate: false,
    blindIntervals: [],
  },
  ruleProblems: {},
  invalidRules: [],
};
const rule = { id: "R1", coverage: "fed", reason: "", notes: [] };

describe("renderExplanation", () => {
  it("says which rules are blind and why, which have seen nothing, and how rules differ from what stands [rules K-1]", () => {
    const rules = [
      rule,
      { ...rule, id: "R2", coverage: "blind", reason: "rule R2 is blind: it needs a source with DNS events" },
      { ...rule, id: "R3", coverage: "partly", reason: "rule R3 sees a part", notes: ["rule R3 runs without x: y"] },
      { ...rule, id: "R4", coverage: "unseen", reason: "rule R4 has seen no event" },
      { ...rule, id: "R5", coverage: "unseen", reason: "rule R5 has seen no event" },
    ];
    const text = renderExplanation({ ...explanation, containers: [{ ...container, rules }] });
    expect(text.split("\n").slice(4, 9)).toEqual([
      "  rules      5: R1 R2 R3 R4 R5",
      "    rule R2 is blind: it needs a source with DNS events",
      "    rule R3 sees a part",
      "    rule R3 runs without x: y",
      "    no event so far for R4 R5; docs/rules.md names the policy that each needs",
    ]);
  });

  it("says what nobody looked at while the profile was learned, and what is looked at now", () => {
    const learning = {
      state: "ready",
      reason: "it is learned from its start",
      status: "ready",
      completion: "",
      gaps: [],
      observed: ["execs", "opens"],
      learnsUntil: "",
      nextReport: "",
      lastReport: "",
      events: 3,
      entries: 2,
    };
    const row = { ...container, unobserved: ["egressDomains", "syscalls"], learning };
    const text = renderExplanation({ ...explanation, containers: [row] });
    expect(text).toContain(
      "nobody looked at egressDomains, syscalls while it was learned: rules that ask about them do not judge\n",
    );
    expect(text).toContain("             seen so far: execs, opens\n");
    expect(renderExplanation(explanation)).not.toContain("nobody looked");
  });

  it("says nothing more of rules that are fed, and names those that do not run", () => {
    const invalidRules = [{ id: "R9", problems: ["expressions.message: 1:1 nonsense", "id: must not be empty"] }];
    const text = renderExplanation({ ...explanation, containers: [{ ...container, rules: [rule] }], invalidRules });
    expect(text).toContain("  rules      1: R1\n  events     none yet\n");
    expect(text).toContain(
      "rule R9 is invalid and does not run: expressions.message: 1:1 nonsense; id: must not be empty\n",
    );
  });
});
