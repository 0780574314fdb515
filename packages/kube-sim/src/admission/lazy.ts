import type * as MatchConditions from "./match-conditions.ts";

/** Conditions of webhooks and the engine for them: for what is written about webhooks. */
export const loadMatchConditions = (): Promise<typeof MatchConditions> => import("./match-conditions.ts");
