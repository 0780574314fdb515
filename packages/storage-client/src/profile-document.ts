import type { ContainerProfile } from "@kinglet/profile";

/** A JSON object. */
type Members = Readonly<Record<string, unknown>>;

/**
 * A profile as it is written: the fields that stores keep, nothing a caller may have added. Without `resourceVersion`, which is
 * the store's to give.
 *
 * @param options - `uid`: of the stored object; `over`: the stored document that is replaced, whose members that a profile does not
 * have (finalizers, owners, fields of a newer version) are taken over.
 *
 * @internal
 */
export function profileDocument(
  profile: ContainerProfile,
  options: { readonly uid?: string | undefined; readonly over?: unknown } = {},
): object {
  const { name, namespace, annotations, labels } = profile.metadata;
  const { uid } = options;
  const over = membersOf(options.over);
  const {
    resourceVersion: _version,
    annotations: _annotations,
    labels: _labels,
    ...restOfMetadata
  } = membersOf(over["metadata"]) as { readonly [field: string]: unknown };
  const { seccompProfile: _seccomp, ...restOfSpec } = membersOf(over["spec"]) as { readonly [field: string]: unknown };
  return {
    ...over,
    apiVersion: profile.apiVersion,
    kind: profile.kind,
    metadata: {
      ...restOfMetadata,
      name,
      namespace,
      ...(uid === undefined ? undefined : { uid }),
      ...(annotations === undefined ? undefined : { annotations }),
      ...(labels === undefined ? undefined : { labels }),
    },
    spec: { ...restOfSpec, ...profile.spec },
  };
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}
