import type { ContainerProfile } from "../container-profile.ts";
import type { CollapseConfiguration } from "./collapse-configuration.ts";
import type { CollapseOptions } from "./collapse-profile.ts";

/** Options of {@link joinProfiles}. @public */
export interface JoinOptions extends CollapseOptions {
  /** @defaultValue {@link defaultCollapseConfiguration}; `undefined` given on purpose means the same. */
  readonly collapse?: CollapseConfiguration | undefined;
}

/** @public */
export function joinProfiles(
  left: ContainerProfile,
  right: ContainerProfile,
  options: JoinOptions = {},
): ContainerProfile {
  void right;
  void options;
  return left;
}
