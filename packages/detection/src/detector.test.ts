import { ExecEvent, OpenEvent } from "@kinglet/enrichment";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";

import { containerOf } from "../test/containers.ts";
import { detectorWith } from "../test/detector-with.ts";
import { ruleOf } from "../test/rules.ts";
import { createDetector } from "./create-detector.ts";

const container = containerOf();
const origin = { sequence: 1, binary: "/usr/bin/app", parentBinary: "/bin/sh", pid: 7, parentPid: 1 };

function withConditions(
  id: string,
  ruleExpression: RuleDefinition["expressions"]["ruleExpression"],
  changes: Partial<RuleDefinition> = {},
): RuleDefinition {
  return ruleOf(id, { expressions: { message: "'text'", uniqueId: "'id'", ruleExpression }, ...changes });
}

const partlyFed = withConditions("R1", [
  { eventType: "http", expression: "true" },
  { eventType: "exec", expression: "true" },
]);
const undeclared = withConditions(
  "R2",
  [{ eventType: "open", expression: "!cp.was_path_opened(event.containerId, event.path)" }],
  { profileDataRequired: { execs: "all", opens: [{ prefix: "/etc/" }] } },
);

describe("createDetector", () => {
  describe("notes", () => {
    it("name the conditions that nothing feeds, while the rule's others run [rules N-1]", async () => {
      const detector = await detectorWith([partlyFed, ruleOf("R3")]);
      expect(detector.invalidRules).toEqual([]);
      expect(detector.notes).toMatchObject([
        {
          ruleId: "R1",
          unfed: [
            {
              path: "expressions.ruleExpression[0].expression",
              message: "1:1 no source feeds events of type http",
            },
          ],
          undeclared: [],
        },
      ]);
      expect(detector.detect(new ExecEvent(origin), container).map(({ ruleId }) => ruleId)).toEqual(["R1", "R3"]);
    });

    it("name a text that asks for what only other events have; the alert has the name of the rule, and the rule stays [rules N-1]", async () => {
      const rule = withConditions("R1", [
        { eventType: "http", expression: "http.request.method == 'POST'" },
        { eventType: "exec", expression: "true" },
      ]);
      const message = "'asked for ' + http.request.path";
      const detector = await detectorWith([{ ...rule, expressions: { ...rule.expressions, message } }]);
      expect([detector.invalidRules, detector.notes[0]?.unfed.map(({ path }) => path)]).toEqual([
        [],
        ["expressions.ruleExpression[0].expression", "expressions.message"],
      ]);
      for (let times = 0; times < 2; times++) {
        expect(detector.detect(new ExecEvent(origin), container).map((alert) => alert.message)).toEqual(["rule R1"]);
      }
    });

    it("name what expressions ask of profiles and the declaration leaves out [rules N-2]", async () => {
      const { notes } = await detectorWith([undeclared]);
      expect(
        notes.map(({ ruleId, undeclared: found }) => [ruleId, found.map(({ path, message }) => `${path} ${message}`)]),
      ).toEqual([
        [
          "R2",
          ["profileDataRequired.opens leaves out what cp.was_path_opened() asks for (all), which is kept as well"],
        ],
      ]);
    });

    it("stand in the log once, as long as they say the same, and are counted [rules N-1] [rules N-2]", async () => {
      const lines: string[] = [];
      const logger: Logger = {
        ...noopLogger,
        warn: (message: string, fields: LogFields = {}) => void lines.push(`${String(fields["rule"])} ${message}`),
      };
      const gauges: Record<string, number> = {};
      const metrics: Metrics = {
        ...noopMetrics,
        gauge: ({ name }) => ({ set: (value) => void (gauges[name] = value), add: () => {} }),
      };
      const detector = await detectorWith([partlyFed, undeclared], { logger, metrics });
      const counts = (): readonly unknown[] =>
        ["partial", "undeclared", "invalid"].map((name) => gauges[`kinglet_detection_${name}_rules`]);
      expect(lines).toEqual([
        "R1 conditions of a rule do not run, because nothing feeds them; its others do",
        "R2 a rule asks profiles for more than it declares, which is kept as well",
      ]);
      expect(counts()).toEqual([1, 1, 0]);
      detector.setRules([partlyFed, undeclared, ruleOf("R3")]);
      expect(lines).toHaveLength(2);
      detector.setRules([ruleOf("R3")]);
      expect([counts(), detector.notes]).toEqual([[0, 0, 0], []]);
      detector.setRules([partlyFed]);
      expect(lines).toHaveLength(3);
    });
  });

  describe("onProfileData", () => {
    it("tells what profiles have to keep for the rules that run, before they judge, and when it changes [rules N-2]", async () => {
      const told: unknown[] = [];
      const { profileDataRequired: _, ...declaresNothing } = withConditions("R3", [
        { eventType: "exec", expression: "!cp.was_executed(event.containerId, event.exepath)" },
      ]);
      const broken = ruleOf("R4", { profileDataRequired: { endpoints: "all" } }, ["exec", "nonsense("]);
      const detector = await detectorWith([undeclared, declaresNothing, broken], {
        onProfileData: (rules) => told.push(rules.map(({ id, profileDataRequired }) => [id, profileDataRequired])),
      });
      const first = [
        ["R2", { execs: "all", opens: "all" }],
        ["R3", { execs: "all" }],
      ];
      expect(told).toEqual([first]);
      detector.setRules([undeclared, declaresNothing]);
      expect(told).toHaveLength(1);
      detector.setRules([declaresNothing]);
      expect(told).toEqual([first, [["R3", { execs: "all" }]]]);
    });
  });

  describe("seenKinds", () => {
    it("tells which kinds of event came, also after they were counted [rules K-1]", async () => {
      const detector = await detectorWith([ruleOf("R1")]);
      expect([...detector.seenKinds]).toEqual([]);
      detector.detect(new ExecEvent(origin), container);
      expect([...detector.seenKinds]).toEqual(["exec"]);
      detector.setRules([ruleOf("R1")]);
      detector.detect(new OpenEvent({ ...origin, path: "/x" }), container);
      expect([...detector.seenKinds].sort()).toEqual(["exec", "open"]);
    });
  });

  it("loads rules with the first preparation, not before [rules B-5]", async () => {
    let loads = 0;
    const detector = createDetector({
      rules: async () => {
        loads++;
        return [ruleOf("R1")];
      },
      profiles: { get: () => undefined },
      clusterName: "",
      nodeName: "",
      logger: noopLogger,
      metrics: noopMetrics,
    });
    expect([loads, detector.isPrepared, detector.invalidRules, detector.activity]).toEqual([0, false, [], []]);
    await Promise.all([detector.prepare(), detector.prepare()]);
    expect([loads, detector.isPrepared]).toEqual([1, true]);
  });
});
