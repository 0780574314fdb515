import type { DocumentReader, UnknownRecord } from "../document-reader.ts";
import {
  NETWORK_NEIGHBORHOOD_KIND,
  type NetworkNeighborhood,
  type NetworkNeighborhoodContainer,
} from "../network-neighborhood.ts";
import { readObject } from "../read-metadata.ts";
import { readPeers, readSelector } from "../read-surfaces.ts";

/**
 * Reads a NetworkNeighborhood from a decoded JSON document, as `parseContainerProfile` does: known fields only, every list
 * present, the same limits and errors.
 *
 * @throws `KINGLET_ERR_PROFILE_INVALID`, `KINGLET_ERR_PROFILE_TOO_LARGE`.
 *
 * @public
 */
export function parseNetworkNeighborhood(value: unknown): NetworkNeighborhood {
  return readObject(value, NETWORK_NEIGHBORHOOD_KIND, (reader, spec) => ({
    ...readSelector(reader, spec),
    containers: readGroup(reader, spec, "containers"),
    initContainers: readGroup(reader, spec, "initContainers"),
    ephemeralContainers: readGroup(reader, spec, "ephemeralContainers"),
  }));
}

function readGroup(reader: DocumentReader, spec: UnknownRecord, key: string): readonly NetworkNeighborhoodContainer[] {
  return reader.objects(spec, key, (item) => ({
    name: reader.requiredText(item, "name"),
    ...readPeers(reader, item),
  }));
}
