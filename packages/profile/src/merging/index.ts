export {
  applyOverlays,
  type OverlayOptions,
  type OverlayWarning,
  type PodContainerNames,
  type ProfileOverlay,
} from "./apply-overlays.ts";
export {
  defaultCollapseConfiguration,
  parseCollapseConfiguration,
  type CollapseConfiguration,
  type CollapsePrefix,
} from "./collapse-configuration.ts";
export { collapseProfile, type CollapseOptions } from "./collapse-profile.ts";
export { joinProfiles, type JoinOptions } from "./join-profiles.ts";
export { joinCompletion, joinStatus } from "./join-status.ts";
export { parseApplicationProfile } from "./parse-application-profile.ts";
export { parseNetworkNeighborhood } from "./parse-network-neighborhood.ts";
