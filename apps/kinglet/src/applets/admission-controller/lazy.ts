import type * as AdmissionAlerts from "./admission-alerts.ts";
import type * as ClusterEvents from "./cluster-events.ts";

/** Alerts: loaded with the first violated policy. */
export const loadAdmissionAlerts = (): Promise<typeof AdmissionAlerts> => import("./admission-alerts.ts");

/** Kubernetes Events: loaded with the first refused or warned request. */
export const loadClusterEvents = (): Promise<typeof ClusterEvents> => import("./cluster-events.ts");
