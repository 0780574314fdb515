import type * as RequestServer from "./request-server.ts";

/** What answers requests: 90 modules that a simulator is ready without. */
export const loadRequestServer = (): Promise<typeof RequestServer> => import("./request-server.ts");
