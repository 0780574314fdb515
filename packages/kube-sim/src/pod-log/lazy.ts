import type * as ServePodLog from "./serve-pod-log.ts";

/** What answers `pods/log`: for the first request that asks for one. */
export const loadServePodLog = (): Promise<typeof ServePodLog> => import("./serve-pod-log.ts");
