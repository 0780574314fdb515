import { CONTAINER_PROFILE_KIND, type ContainerProfile, type ContainerProfileSpec } from "./container-profile.ts";
import type { DocumentReader, UnknownRecord } from "./document-reader.ts";
import { readObject } from "./read-metadata.ts";
import { readGroups, readSelector, readSurfaces } from "./read-surfaces.ts";

/**
 * Reads a ContainerProfile from a decoded JSON document.
 *
 * The result holds the known fields only (`managedFields` and unknown members are dropped), every list present, equal lists of
 * strings shared. `apiVersion` and `kind` may be absent; another group or kind is a problem. Strings are kept as given: pass a
 * value that does not keep a large buffer alive (`JSON.parse` makes such values).
 *
 * @param value - the document. At most 200,000 entries in all its lists, 256 levels, 131,072 characters a string.
 * @throws `KINGLET_ERR_PROFILE_INVALID` with every problem and its path (`details.list`, the first 50);
 * `KINGLET_ERR_PROFILE_TOO_LARGE` as soon as a limit is passed.
 *
 * Cost: one pass, about one object per entry.
 *
 * @public
 */
export function parseContainerProfile(value: unknown): ContainerProfile {
  return readObject(value, CONTAINER_PROFILE_KIND, readSpec);
}

function readSpec(reader: DocumentReader, spec: UnknownRecord): ContainerProfileSpec {
  return {
    architectures: reader.texts(spec, "architectures"),
    ...readSurfaces(reader, spec),
    ...readSelector(reader, spec),
    ...readGroups(reader, spec, readSurfaces),
  };
}
