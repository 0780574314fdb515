export type { ContainerIdentity, ContainerType } from "./container-identity.ts";
export { ContainerIndex, type ContainerChange, type ContainerIndexOptions } from "./container-index.ts";
export type { EventOrigin, EventOriginInit } from "./event-origin.ts";
export { ExecEvent, type ExecDetails, type ExecEventInit } from "./exec-event.ts";
export { ExitEvent, type ExitEventInit } from "./exit-event.ts";
export { OtherEvent, type OtherEventInit, type OtherEventKind } from "./other-event.ts";
export {
  POD_PROJECTION_PATHS,
  type PodView,
  type PodViewContainer,
  type PodViewContainerStatus,
  type PodViewOwner,
} from "./pod-view.ts";
export type { RuntimeEvent, RuntimeEventKind } from "./runtime-event.ts";
export { WaitingRoom, type WaitingRoomOptions } from "./waiting-room.ts";
