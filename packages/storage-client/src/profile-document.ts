import type { ContainerProfile, ProfileMetadata } from "@kinglet/profile";

/**
 * A profile as it is written: the fields that stores keep, nothing a caller may have added. Without `resourceVersion`, which is
 * the store's to give.
 *
 * @internal
 */
export function profileDocument(profile: ContainerProfile, uid: string | undefined): ContainerProfile {
  const { name, namespace, annotations, labels } = profile.metadata;
  const metadata: ProfileMetadata = {
    name,
    namespace,
    ...(uid === undefined ? undefined : { uid }),
    ...(annotations === undefined ? undefined : { annotations }),
    ...(labels === undefined ? undefined : { labels }),
  };
  return { apiVersion: profile.apiVersion, kind: profile.kind, metadata, spec: profile.spec };
}
