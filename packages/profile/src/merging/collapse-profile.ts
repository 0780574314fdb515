import type { ContainerProfile } from "../container-profile.ts";
import { SYNC_CHECKSUM_ANNOTATION } from "../profile-keys.ts";
import type { CollapseConfiguration } from "./collapse-configuration.ts";
import { uniteSpecs } from "./normal-form.ts";

/** What stays out of collapsing. @public */
export interface CollapseOptions {
  /**
   * Files that are never collapsed, because they are known (from the image's bill of materials): absolute paths without a slash at the
   * end. A path with a wildcard segment is a pattern, whatever stands here, and is not kept.
   */
  readonly keepPaths?: ReadonlySet<string> | undefined;
}

/**
 * Brings a profile into its normal form: sets without duplicates and in one order, and where a directory of opened files or of
 * endpoints has more distinct children than the configuration allows, a pattern in their place.
 *
 * Guarantees, for one configuration and one set of kept paths:
 *
 * - extensive: what the profile allowed stays allowed;
 * - monotone: of two profiles, the one that holds more still holds more;
 * - idempotent: a normal form comes back equal, value for value.
 *
 * How: a directory with more children than its threshold has one child `\u22ef` for all; two `\u22ef` in a row become `*`, of what
 * follows them only the last segment is kept; a threshold of 1, and too many last segments, make one pattern that ends in `*`. Paths
 * that are not absolute or deeper than 255 segments stay as they are. Execs and addresses are not collapsed.
 *
 * @returns a new profile under the same metadata, without the store's content hash, which no longer holds.
 *
 * Cost: about 1 µs an entry; run it when a profile is written, not when it is read.
 *
 * @see reference: kubescape/storage, `pkg/registry/file/dynamicpathdetector`; unlike there, the result does not depend on the order
 * in which paths come.
 *
 * @public
 */
export function collapseProfile(
  profile: ContainerProfile,
  configuration: CollapseConfiguration,
  options: CollapseOptions = {},
): ContainerProfile {
  const { annotations, ...metadata } = profile.metadata;
  const rest = Object.entries(annotations ?? {}).filter(([name]) => name !== SYNC_CHECKSUM_ANNOTATION);
  return {
    ...profile,
    metadata: rest.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(rest) },
    spec: uniteSpecs([profile.spec], { configuration, keepPaths: options.keepPaths }),
  };
}
