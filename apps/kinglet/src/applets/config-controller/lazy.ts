import type * as ChildProcess from "node:child_process";
import type * as ServeConfigController from "./serve-config-controller.ts";
import type * as ServeWork from "./serve-work.ts";

/** Everything that serves: loaded after the heap flags are decided, when the program may have started itself anew. */
export const loadServeConfigController = (): Promise<typeof ServeConfigController> =>
  import("./serve-config-controller.ts");

/** Judging and making certificates, in a process of its own. */
export const loadServeWork = (): Promise<typeof ServeWork> => import("./serve-work.ts");

/** Starting that process: when a resource was edited, and every few weeks. */
export const loadChildProcess = (): Promise<typeof ChildProcess> => import("node:child_process");
