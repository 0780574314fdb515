import type { ContainerProfile } from "../container-profile.ts";
import type { CollapseConfiguration } from "./collapse-configuration.ts";

/** @public */
export interface CollapseOptions {
  /** Files that are never collapsed, because they are known (from the image's bill of materials). */
  readonly keepPaths?: ReadonlySet<string> | undefined;
}

/** @public */
export function collapseProfile(
  profile: ContainerProfile,
  configuration: CollapseConfiguration,
  options: CollapseOptions = {},
): ContainerProfile {
  void configuration;
  void options;
  return profile;
}
