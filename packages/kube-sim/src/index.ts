export { kubeSimErrors } from "./errors.ts";
export { type FaultAction } from "./fault-action.ts";
export { FaultTable, type Fault, type FaultMatch, type InstalledFault } from "./fault-table.ts";
export { type KubeObject, type KubeObjectInput, type ObjectMeta } from "./kube-object.ts";
export { openKubeSim, type KubeSim, type KubeSimOptions } from "./kube-sim.ts";
export { type JournalEntry } from "./request-journal.ts";
export { type DefaultRule, type SimResource } from "./sim-resource.ts";
export { type SimUser } from "./authorization/user-info.ts";
