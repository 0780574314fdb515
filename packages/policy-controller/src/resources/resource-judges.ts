import type { ControlledObject } from "./controlled-resource.ts";
import { judgePolicy } from "./judge-policy.ts";
import { createRulesJudge } from "./judge-rules.ts";
import type { Judgement } from "./resource-judgement.ts";

/**
 * Says of a resource whether it may be put in force. Called with whatever the API server holds.
 *
 * @throws only when it cannot say: the resource is then judged again later.
 * @public
 */
export type ResourceJudge = (object: ControlledObject) => Promise<Judgement>;

/** The judge of each kind. @public */
export interface ResourceJudges {
  readonly policies: ResourceJudge;
  readonly rules: ResourceJudge;
  /** Called when everything was judged, before a bundle is made of it: a large one needs the memory that judging took. */
  rest?(): Promise<void>;
}

/**
 * Judges that work in this process: the engines are loaded with the first resource and stay, 8 MB of memory (Node 26.10).
 *
 * @public
 */
export function openResourceJudges(): ResourceJudges {
  return { policies: judgePolicy, rules: createRulesJudge() };
}
