import { PROFILE_API_VERSION, PROFILE_GROUP, type ProfileMetadata } from "./container-profile.ts";
import { DocumentReader, isRecord, type UnknownRecord } from "./document-reader.ts";

/** What the three profile kinds have in common. @internal */
export interface ObjectHead<K extends string> {
  readonly apiVersion: string;
  readonly kind: K;
  readonly metadata: ProfileMetadata;
}

/**
 * Reads one object of a profile kind: API version, kind and metadata here, the spec by `readSpec`.
 *
 * @throws as `parseContainerProfile`.
 *
 * @internal
 */
export function readObject<K extends string, S>(
  value: unknown,
  kind: K,
  readSpec: (reader: DocumentReader, spec: UnknownRecord) => S,
): ObjectHead<K> & { readonly spec: S } {
  const document: UnknownRecord = isRecord(value) ? value : {};
  const reader = new DocumentReader(kind, describe(document));
  if (!isRecord(value)) reader.problem("expected an object");
  const apiVersion = reader.text(document, "apiVersion");
  if (apiVersion !== "" && !apiVersion.startsWith(`${PROFILE_GROUP}/`)) {
    reader.at("apiVersion", () => reader.problem(`expected ${PROFILE_API_VERSION}, got ${JSON.stringify(apiVersion)}`));
  }
  const givenKind = reader.text(document, "kind");
  if (givenKind !== "" && givenKind !== kind) {
    reader.at("kind", () => reader.problem(`expected ${kind}, got ${JSON.stringify(givenKind)}`));
  }
  const metadata = reader.object(document, "metadata");
  const spec = reader.object(document, "spec");
  const result = {
    apiVersion: apiVersion === "" ? PROFILE_API_VERSION : apiVersion,
    kind,
    metadata: reader.at("metadata", () => readMetadata(reader, metadata)),
    spec: reader.at("spec", () => readSpec(reader, spec)),
  };
  reader.finish();
  return result;
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
