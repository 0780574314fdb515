import { LEVELS, type Level } from "./compare-answers.ts";
import type { StepScore } from "./score-scenario.ts";

/** The levels that every run reaches alike; `exact` depends on names and times by chance. */
const SHOWN = LEVELS.filter((level) => level !== "exact");

/** The table of `docs/conformance.md`: per scenario how many steps reach each level. */
export function writeScores(scenarios: readonly (readonly [name: string, steps: readonly StepScore[]])[]): string {
  const all = scenarios.flatMap(([, steps]) => steps);
  const rows = [...scenarios.map(([name, steps]) => [`\`${name}\``, steps] as const), ["all", all] as const];
  return [
    "# How closely kube-sim answers like kube-apiserver 1.36.3\n\n",
    "Made by `test/conformance/conformance.test.ts`, which replays recorded requests and compares the answers (`UPDATE_GOLDEN=1` writes this file).\n",
    "`status`: the code; `shape`: the fields; `body`: the values, but for messages and what chance decides. Steps below `body` are listed with a reason in\n",
    "`test/conformance/known-differences.ts`.\n\n",
    `| Scenario | Steps | ${SHOWN.map((level) => `\`${level}\``).join(" | ")} |\n`,
    `| --- | --- | ${SHOWN.map(() => "---").join(" | ")} |\n`,
    ...rows.map(
      ([name, steps]) => `| ${name} | ${steps.length} | ${SHOWN.map((level) => countAt(steps, level)).join(" | ")} |\n`,
    ),
  ].join("");
}

function countAt(steps: readonly StepScore[], level: Level): number {
  const wanted = LEVELS.indexOf(level);
  return steps.filter((step) => step.level !== undefined && LEVELS.indexOf(step.level) >= wanted).length;
}
