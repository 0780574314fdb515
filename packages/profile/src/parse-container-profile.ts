import {
  CONTAINER_PROFILE_KIND,
  PROFILE_API_VERSION,
  PROFILE_GROUP,
  type ContainerProfile,
  type ContainerProfileSpec,
  type NamedProfileSurfaces,
  type ProfileMetadata,
} from "./container-profile.ts";
import { DocumentReader, isRecord, type UnknownRecord } from "./document-reader.ts";
import { readSelector, readSurfaces } from "./read-surfaces.ts";

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
  const document: UnknownRecord = isRecord(value) ? value : {};
  const reader = new DocumentReader(describe(document));
  if (!isRecord(value)) reader.problem("expected an object");
  const apiVersion = reader.text(document, "apiVersion");
  if (apiVersion !== "" && !apiVersion.startsWith(`${PROFILE_GROUP}/`)) {
    reader.at("apiVersion", () => reader.problem(`expected ${PROFILE_API_VERSION}, got ${JSON.stringify(apiVersion)}`));
  }
  const kind = reader.text(document, "kind");
  if (kind !== "" && kind !== CONTAINER_PROFILE_KIND) {
    reader.at("kind", () => reader.problem(`expected ${CONTAINER_PROFILE_KIND}, got ${JSON.stringify(kind)}`));
  }
  const metadata = reader.object(document, "metadata");
  const spec = reader.object(document, "spec");
  const profile: ContainerProfile = {
    apiVersion: apiVersion === "" ? PROFILE_API_VERSION : apiVersion,
    kind: CONTAINER_PROFILE_KIND,
    metadata: reader.at("metadata", () => readMetadata(reader, metadata)),
    spec: reader.at("spec", () => readSpec(reader, spec)),
  };
  reader.finish();
  return profile;
}

function describe(document: UnknownRecord): string {
  const metadata = document["metadata"];
  if (!isRecord(metadata) || typeof metadata["name"] !== "string") return "the document";
  const namespace = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "";
  return `${namespace}/${metadata["name"]}`;
}

function readMetadata(reader: DocumentReader, metadata: UnknownRecord): ProfileMetadata {
  const uid = reader.text(metadata, "uid");
  const resourceVersion = reader.text(metadata, "resourceVersion");
  const annotations = reader.textRecord(metadata, "annotations");
  const labels = reader.textRecord(metadata, "labels");
  return {
    name: reader.requiredText(metadata, "name"),
    namespace: reader.requiredText(metadata, "namespace"),
    ...(uid === "" ? undefined : { uid }),
    ...(resourceVersion === "" ? undefined : { resourceVersion }),
    ...(Object.keys(annotations).length === 0 ? undefined : { annotations }),
    ...(Object.keys(labels).length === 0 ? undefined : { labels }),
  };
}

function readSpec(reader: DocumentReader, spec: UnknownRecord): ContainerProfileSpec {
  return {
    architectures: reader.texts(spec, "architectures"),
    ...readSurfaces(reader, spec),
    ...readSelector(reader, spec),
    containers: readGroup(reader, spec, "containers"),
    initContainers: readGroup(reader, spec, "initContainers"),
    ephemeralContainers: readGroup(reader, spec, "ephemeralContainers"),
  };
}

function readGroup(reader: DocumentReader, spec: UnknownRecord, key: string): readonly NamedProfileSurfaces[] {
  return reader.objects(spec, key, (item) => ({
    name: reader.requiredText(item, "name"),
    ...readSurfaces(reader, item),
  }));
}
