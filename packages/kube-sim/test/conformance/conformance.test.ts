import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LEVELS } from "./compare-answers.ts";
import { KNOWN_DIFFERENCES } from "./known-differences.ts";
import { readRecordings } from "./recording.ts";
import { scoreScenario, type StepScore } from "./score-scenario.ts";
import { writeScores } from "./write-scores.ts";

describe("openKubeSim, replaying the answers of a real API server", () => {
  const recordings = readRecordings();
  const scored = new Map<string, readonly StepScore[]>();

  it.concurrent.each(recordings)(
    "answers $name as kube-apiserver 1.36.3, but for the known differences [sim 2] [sim 3] [sim 4] [sim 5] [sim 6] [sim 16]",
    async (recording) => {
      const { name, steps } = await scoreScenario(recording);
      scored.set(name, steps);
      const differing: Record<string, unknown> = {};
      for (const { step, level, differences } of steps) {
        if (level === "body" || level === "exact") continue;
        const known = KNOWN_DIFFERENCES[`${name} / ${step}`];
        differing[`${name} / ${step}`] = level === known?.level ? level : { level: level ?? "none", differences };
      }
      const expected = Object.entries(KNOWN_DIFFERENCES).filter(([key]) => key.startsWith(`${name} / `));
      expect(differing).toEqual(Object.fromEntries(expected.map(([key, { level }]) => [key, level])));
    },
  );

  it("names only steps that are recorded, each with a reason", () => {
    const steps = recordings.flatMap(({ name, responses }) => responses.map((step) => `${name} / ${step.name ?? ""}`));
    for (const [key, { level, why }] of Object.entries(KNOWN_DIFFERENCES)) {
      expect(steps).toContain(key);
      expect([...LEVELS, "none"]).toContain(level);
      expect(why).not.toBe("");
    }
  });

  describe("docs/conformance.md", () => {
    it("shows the scores of this run", () => {
      const file = new URL("../../docs/conformance.md", import.meta.url);
      const text = writeScores(recordings.map(({ name }) => [name, scored.get(name) ?? []]));
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
      expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(text);
      const steps = [...scored.values()].flat();
      const equal = steps.filter(({ level }) => level === "body" || level === "exact");
      const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
      expect(readme).toContain(`${equal.length} of ${steps.length} steps`);
    });
  });
});
