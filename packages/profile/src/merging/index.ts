export {
  applyOverlays,
  type OverlayOptions,
  type OverlayWarning,
  type PodContainerNames,
  type ProfileOverlay,
} from "./apply-overlays.ts";
export { defaultCollapseConfiguration, type CollapseConfiguration } from "./collapse-configuration.ts";
export { collapseProfile, type CollapseOptions } from "./collapse-profile.ts";
export { joinProfiles, type JoinOptions } from "./join-profiles.ts";
export { parseApplicationProfile } from "./parse-application-profile.ts";
export { parseNetworkNeighborhood } from "./parse-network-neighborhood.ts";
