export { kubeSimErrors } from "./errors.ts";
export { type FaultAction } from "./faults/fault-action.ts";
export { FaultTable, type Fault, type FaultMatch, type InstalledFault } from "./faults/fault-table.ts";
export { type KubeObject, type KubeObjectInput, type ObjectMeta } from "./resources/kube-object.ts";
export { openKubeSim, type KubeSim, type KubeSimOptions } from "./kube-sim.ts";
export { type JournalEntry } from "./requests/request-journal.ts";
export { type DefaultRule, type SimResource } from "./resources/sim-resource.ts";
export { type SimUser } from "./authorization/user-info.ts";
