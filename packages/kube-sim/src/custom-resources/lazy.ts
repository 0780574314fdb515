import type * as CustomChecks from "./custom-checks.ts";

/** What validates definitions and their objects, the engine for their expressions among it: 55 modules that only a client's write needs. */
export const loadCustomChecks = (): Promise<typeof CustomChecks> => import("./custom-checks.ts");
