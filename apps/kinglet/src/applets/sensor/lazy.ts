import type * as DebugViews from "./debug-views.ts";
import type * as RunNames from "./run-names.ts";
import type * as ServeSensor from "./serve-sensor.ts";

/**
 * Everything that serves. It is loaded after the heap flags are decided: with a memory limit the program starts itself anew at that point, and
 * what was loaded before would be loaded twice (18 ms, Node 26.10).
 */
export const loadServeSensor = (): Promise<typeof ServeSensor> => import("./serve-sensor.ts");

/** What names the profiles of CronJobs: about 6 KB of text that a sensor without a run of one does not need. */
export const loadRunNames = (): Promise<typeof RunNames> => import("./run-names.ts");

/** What `GET /debug/...` shows: a person asks for it. */
export const loadDebugViews = (): Promise<typeof DebugViews> => import("./debug-views.ts");
