import type * as Exec from "./exec-credentials.ts";

/** Programs that log in, and with them node:child_process (0.18 MB). */
export const loadExecCredentials = (): Promise<typeof Exec> => import("./exec-credentials.ts");
