/**
 * Prints how much of the recordings the simulator answers as the real server did.
 *
 *   node --conditions=@kinglet/source packages/kube-sim/test/conformance/main.ts [--only lists,watch] [--verbose] [--exact]
 *
 * `--verbose` names every step below `body` and what differs; `--exact` also those below `exact`.
 */
import { parseArgs } from "node:util";
import { LEVELS, type Level } from "./compare-answers.ts";
import { readRecordings } from "./recording.ts";
import { scoreScenario, type ScenarioScore, type StepScore } from "./score-scenario.ts";

function countAtLeast(steps: readonly StepScore[], level: Level): number {
  const wanted = LEVELS.indexOf(level);
  return steps.filter((step) => step.level !== undefined && LEVELS.indexOf(step.level) >= wanted).length;
}

function row(name: string, steps: readonly StepScore[]): string {
  const cells = LEVELS.map((level) => String(countAtLeast(steps, level)).padStart(7));
  return `${name.padEnd(20)}${String(steps.length).padStart(6)}${cells.join("")}`;
}

const { values } = parseArgs({
  options: { only: { type: "string" }, verbose: { type: "boolean" }, exact: { type: "boolean" } },
});
const only = values.only?.split(",");
const recordings = readRecordings().filter((recording) => only === undefined || only.includes(recording.name));
const scores: ScenarioScore[] = await Promise.all(recordings.map((recording) => scoreScenario(recording)));
const hidden: readonly (Level | undefined)[] = values.exact === true ? ["exact"] : ["body", "exact"];
if (values.verbose === true || values.exact === true) {
  for (const { name, steps } of scores) {
    for (const { step, level, differences } of steps) {
      if (hidden.includes(level)) continue;
      console.log(`${name} / ${step}: ${level ?? "nothing"}`);
      for (const difference of differences) console.log(`    ${difference}`);
    }
  }
}
console.log(`${"scenario".padEnd(20)}${"steps".padStart(6)}${LEVELS.map((level) => level.padStart(7)).join("")}`);
for (const { name, steps } of scores) console.log(row(name, steps));
const every: StepScore[] = [];
for (const { steps } of scores) every.push(...steps);
console.log(row("all", every));
