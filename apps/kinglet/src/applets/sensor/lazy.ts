import type * as ServeSensor from "./serve-sensor.ts";

/**
 * Everything that serves. It is loaded after the heap flags are decided: with a memory limit the program starts itself anew at that point, and
 * what was loaded before would be loaded twice (18 ms, Node 26.10).
 */
export const loadServeSensor = (): Promise<typeof ServeSensor> => import("./serve-sensor.ts");
