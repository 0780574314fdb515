import { createError } from "@kinglet/errors";
import {
  parseContainerProfile,
  type ApplicationProfile,
  type ContainerProfile,
  type NetworkNeighborhood,
  type ProfileMetadata,
} from "@kinglet/profile";
import { parseApplicationProfile, parseNetworkNeighborhood } from "@kinglet/profile/merging";

import type { CallSubject } from "./call-budget.ts";
import { storageErrors } from "./errors.ts";
import type { ProfileKind } from "./profile-kind.ts";

/** What is stored of each kind. @internal */
export interface StoredKinds {
  readonly ContainerProfile: ContainerProfile;
  readonly ApplicationProfile: ApplicationProfile;
  readonly NetworkNeighborhood: NetworkNeighborhood;
}

/**
 * Reads what a store answered.
 *
 * @param place - what was asked for; another name or namespace in the object is refused. Absent `name`: any.
 * @throws `KINGLET_ERR_STORAGE_CLIENT_INVALID`, without quoting the content.
 *
 * @internal
 */
export function parseStored<K extends ProfileKind>(
  subject: CallSubject,
  kind: K,
  document: unknown,
  place: { readonly namespace: string; readonly name?: string },
): StoredKinds[K] {
  let parsed: { readonly metadata: ProfileMetadata };
  try {
    parsed = parseKind(kind, document);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", { ...subject, problem }, { cause: error });
  }
  const { namespace, name } = parsed.metadata;
  const problem =
    namespace !== place.namespace
      ? `it is about the namespace ${JSON.stringify(namespace)}`
      : `it is about ${JSON.stringify(name)}`;
  if (namespace !== place.namespace || (place.name !== undefined && name !== place.name)) {
    throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", { ...subject, problem });
  }
  return parsed as StoredKinds[K];
}

function parseKind(kind: ProfileKind, document: unknown): { readonly metadata: ProfileMetadata } {
  if (kind === "ContainerProfile") return parseContainerProfile(document);
  return kind === "ApplicationProfile" ? parseApplicationProfile(document) : parseNetworkNeighborhood(document);
}
