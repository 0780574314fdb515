import type * as ChildProcess from "node:child_process";
import type * as IssueCertificate from "./issue-certificate.ts";
import type * as ServeConfigController from "./serve-config-controller.ts";

/** Everything that serves: loaded after the heap flags are decided, when the program may have started itself anew. */
export const loadServeConfigController = (): Promise<typeof ServeConfigController> =>
  import("./serve-config-controller.ts");

/** The library that makes certificates, in a process of its own. */
export const loadIssueCertificate = (): Promise<typeof IssueCertificate> => import("./issue-certificate.ts");

/** Starting that process: every few weeks. */
export const loadChildProcess = (): Promise<typeof ChildProcess> => import("node:child_process");
