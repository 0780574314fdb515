import { DocumentReader, isRecord, type UnknownRecord } from "../document-reader.ts";

const MAX_PREFIXES = 1_000;
const MAX_THRESHOLD = 2_147_483_647;

/**
 * When the paths of a profile become patterns: at which number of distinct children of one directory.
 *
 * @public
 */
export interface CollapseConfiguration {
  /** For opened files that no prefix covers; a directory with more distinct children than this collapses. 1 … 2^31 - 1. */
  readonly openDynamicThreshold: number;
  /** The same for the paths of HTTP endpoints, which have no prefixes. */
  readonly endpointDynamicThreshold: number;
  /** For opened files below a directory; the longest prefix that ends at a segment boundary counts. 1 = everything below it. */
  readonly collapseConfigs: readonly CollapsePrefix[];
}

/** The threshold of a directory and of those below it. @public */
export interface CollapsePrefix {
  /** Absolute path; a slash at the end does not count. */
  readonly prefix: string;
  /** 1 … 2^31 - 1. */
  readonly threshold: number;
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

/**
 * Reads the `spec` of a `CollapseConfiguration` object (cluster-scoped, named `default`). It replaces
 * {@link defaultCollapseConfiguration} as a whole; both thresholds are required, since reading a missing one as 0 would turn every
 * path into a wildcard.
 *
 * @param value - the whole object. At most 1,000 prefixes, each absolute.
 * @throws `KINGLET_ERR_PROFILE_INVALID` with every problem; `KINGLET_ERR_PROFILE_TOO_LARGE`.
 *
 * @public
 */
export function parseCollapseConfiguration(value: unknown): CollapseConfiguration {
  const document: UnknownRecord = isRecord(value) ? value : {};
  const reader = new DocumentReader("CollapseConfiguration", "the document");
  if (!isRecord(value)) reader.problem("expected an object");
  const spec = reader.object(document, "spec");
  const configuration = reader.at("spec", () => ({
    openDynamicThreshold: readThreshold(reader, spec, "openDynamicThreshold"),
    endpointDynamicThreshold: readThreshold(reader, spec, "endpointDynamicThreshold"),
    collapseConfigs: reader.objects(spec, "collapseConfigs", (item) => readPrefix(reader, item)),
  }));
  if (configuration.collapseConfigs.length > MAX_PREFIXES) {
    reader.at("spec", () => reader.problem(`has more than ${MAX_PREFIXES} collapseConfigs`));
  }
  reader.finish();
  return configuration;
}

function readPrefix(reader: DocumentReader, item: UnknownRecord): CollapsePrefix {
  const prefix = reader.requiredText(item, "prefix");
  if (prefix !== "" && !prefix.startsWith("/")) reader.at("prefix", () => reader.problem("expected an absolute path"));
  return { prefix, threshold: readThreshold(reader, item, "threshold") };
}

function readThreshold(reader: DocumentReader, parent: UnknownRecord, key: string): number {
  const threshold = reader.integer(parent, key, 1, MAX_THRESHOLD);
  if (threshold === undefined && (parent[key] === undefined || parent[key] === null)) {
    reader.at(key, () => reader.problem("is required"));
  }
  return threshold ?? MAX_THRESHOLD;
}
