import { containerMatchers } from "./container-matchers.ts";
import type { MatcherTable } from "./criterion-matcher.ts";
import { eventMatchers } from "./event-matchers.ts";
import { imageMatchers } from "./image-matchers.ts";
import { portMatchers } from "./port-matchers.ts";
import { volumeMatchers } from "./volume-matchers.ts";
import { vulnerabilityMatchers } from "./vulnerability-matchers.ts";
import { workloadMatchers } from "./workload-matchers.ts";

let table: MatcherTable | undefined;

/** The matchers of all criteria by name. The table is built with the first policy that is compiled. @internal */
export function criterionMatchers(): MatcherTable {
  table ??= {
    ...workloadMatchers(),
    ...containerMatchers(),
    ...volumeMatchers(),
    ...portMatchers(),
    ...imageMatchers(),
    ...vulnerabilityMatchers(),
    ...eventMatchers(),
  };
  return table;
}
