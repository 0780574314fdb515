export { CapabilityEvent, type CapabilityDetails, type CapabilityEventInit } from "./capability-event.ts";
export type { ContainerIdentity, ContainerType } from "./container-identity.ts";
export { ContainerIndex, type ContainerChange, type ContainerIndexOptions } from "./container-index.ts";
export { DnsEvent, type DnsDetails, type DnsEventInit } from "./dns-event.ts";
export type { EventOrigin, EventOriginInit, EventSourceName } from "./event-origin.ts";
export { ExecEvent, type ExecDetails, type ExecEventInit } from "./exec-event.ts";
export { ExitEvent, type ExitEventInit } from "./exit-event.ts";
export type { Finding, FindingSource } from "./finding.ts";
export {
  KernelCallEvent,
  type KernelCallDetails,
  type KernelCallEventInit,
  type KernelCallEventKind,
} from "./kernel-call-event.ts";
export { LinkEvent, type LinkDetails, type LinkEventInit, type LinkEventKind } from "./link-event.ts";
export { NetworkEvent, type NetworkDetails, type NetworkDirection, type NetworkEventInit } from "./network-event.ts";
export { ObservedEvent } from "./observed-event.ts";
export { OpenEvent, type OpenDetails, type OpenEventInit } from "./open-event.ts";
export { OtherEvent, type OtherEventInit, type OtherEventKind } from "./other-event.ts";
export {
  POD_PROJECTION_PATHS,
  type PodView,
  type PodViewContainer,
  type PodViewContainerStatus,
  type PodViewOwner,
} from "./pod-view.ts";
export { ProcessTree, type ProcessRecord, type ProcessTreeOptions } from "./process-tree.ts";
export type { ActivityEvent, ActivityEventKind, RuntimeEvent, RuntimeEventKind } from "./runtime-event.ts";
export { trySplitArguments } from "./split-arguments.ts";
export { SyscallEvent, type SyscallDetails, type SyscallEventInit } from "./syscall-event.ts";
export { WaitingRoom, type WaitingRoomOptions } from "./waiting-room.ts";
