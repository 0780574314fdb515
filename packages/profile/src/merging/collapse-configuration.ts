/**
 * When the paths of a profile become patterns: at which number of distinct children of one directory.
 *
 * @public
 */
export interface CollapseConfiguration {
  /** For opened files that no prefix covers; a directory with more distinct children than this collapses. */
  readonly openDynamicThreshold: number;
  /** The same for the paths of HTTP endpoints, which have no prefixes. */
  readonly endpointDynamicThreshold: number;
  /** For opened files below a directory; the longest prefix that ends at a segment boundary counts. 1 = everything below it. */
  readonly collapseConfigs: readonly { readonly prefix: string; readonly threshold: number }[];
}

/** What holds when no `CollapseConfiguration` exists. @public */
export const defaultCollapseConfiguration: CollapseConfiguration = {
  openDynamicThreshold: 50,
  endpointDynamicThreshold: 100,
  collapseConfigs: [
    { prefix: "/etc", threshold: 100 },
    { prefix: "/etc/apache2", threshold: 50 },
    { prefix: "/opt", threshold: 50 },
    { prefix: "/var/run", threshold: 50 },
    { prefix: "/app", threshold: 50 },
  ],
};
