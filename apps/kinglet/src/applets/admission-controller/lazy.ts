import type * as AdmissionAlerts from "./admission-alerts.ts";
import type * as ClusterEvents from "./cluster-events.ts";
import type * as ServeAdmission from "./serve-admission.ts";

/** Everything that serves: loaded after the heap flags are decided, when the program may have started itself anew. */
export const loadServeAdmission = (): Promise<typeof ServeAdmission> => import("./serve-admission.ts");

/** Alerts: loaded with the first violated policy. */
export const loadAdmissionAlerts = (): Promise<typeof AdmissionAlerts> => import("./admission-alerts.ts");

/** Kubernetes Events: loaded with the first refused or warned request. */
export const loadClusterEvents = (): Promise<typeof ClusterEvents> => import("./cluster-events.ts");
