import { NETWORK_NEIGHBORHOOD_KIND, type NetworkNeighborhood } from "../network-neighborhood.ts";
import { readObject } from "../read-metadata.ts";
import { readGroups, readPeers, readSelector } from "../read-surfaces.ts";

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
    ...readGroups(reader, spec, readPeers),
  }));
}
