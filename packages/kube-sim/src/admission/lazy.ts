import type * as ConfigurationChecks from "./configuration-checks.ts";

/** What validates webhook configurations, the engine for their conditions among it: for what is written about webhooks. */
export const loadConfigurationChecks = (): Promise<typeof ConfigurationChecks> => import("./configuration-checks.ts");
