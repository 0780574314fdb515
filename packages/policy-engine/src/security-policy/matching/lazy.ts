import type { PatternEngine } from "./pattern-engine.ts";

/** Loads the linear-time pattern engine: only for patterns that plain string operations cannot do; cost in the README. @internal */
export const loadPatternEngine = (): Promise<PatternEngine> =>
  import("./re2-pattern-engine.ts").then((module) => module.createPatternEngine());
