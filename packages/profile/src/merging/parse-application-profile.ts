import { APPLICATION_PROFILE_KIND, type ApplicationProfile } from "../application-profile.ts";
import { readObject } from "../read-metadata.ts";
import { readActivity, readGroups } from "../read-surfaces.ts";

/**
 * Reads an ApplicationProfile from a decoded JSON document, as `parseContainerProfile` does: known fields only, every list
 * present, the same limits and errors. Members of ContainerProfiles that this kind has not (`ingress`, `egress`) are dropped.
 *
 * @throws `KINGLET_ERR_PROFILE_INVALID`, `KINGLET_ERR_PROFILE_TOO_LARGE`.
 *
 * @public
 */
export function parseApplicationProfile(value: unknown): ApplicationProfile {
  return readObject(value, APPLICATION_PROFILE_KIND, (reader, spec) => ({
    architectures: reader.texts(spec, "architectures"),
    ...readGroups(reader, spec, readActivity),
  }));
}
