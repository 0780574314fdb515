import type * as ServeAdmission from "../serve-admission.ts";

/** Everything that serves: loaded after the heap flags are decided, when the program may have started itself anew. */
export const loadServeAdmission = (): Promise<typeof ServeAdmission> => import("../serve-admission.ts");
