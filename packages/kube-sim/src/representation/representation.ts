import type { Exchange } from "../requests/exchange.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";
import { columnsOf } from "./columns.ts";
import { isProducible, MEDIA_TYPES, negotiate, type Encoding } from "./negotiate.ts";
import { apiVersionOf, servedObject, type SimResource } from "../resources/sim-resource.ts";

/** How objects are shown to one client: in which form and in which encoding. */
export interface Representation {
  readonly form: "whole" | "metadata" | "table";
  readonly encoding: Encoding;
  /** Version of the metadata and table kinds. */
  readonly metaVersion: "v1" | "v1beta1";
  /** What a table's rows carry besides cells. */
  readonly includeObject: "None" | "Metadata" | "Object";
  /** Milliseconds since 1970-01-01 UTC, for ages. */
  readonly now: () => number;
}

const ALL: readonly Encoding[] = ["json", "yaml", "protobuf"];
const STREAMING: readonly Encoding[] = ["json", "protobuf"];
const INCLUDED: Readonly<Record<string, Representation["includeObject"]>> = {
  "": "Metadata",
  None: "None",
  Metadata: "Metadata",
  Object: "Object",
};

/**
 * Chooses the representation by the Accept header of a request.
 *
 * @param answer - what is answered: one object, a list of them, or events.
 * @throws ApiRefusal 406 when nothing fits, 400 for an unknown `includeObject`.
 */
export function chooseRepresentation(
  exchange: Exchange,
  resource: SimResource,
  answer: "object" | "list" | "events" = "object",
): Representation {
  const isCustom = resource.isCustom === true;
  const { accept } = exchange.request.headers;
  const all = ALL.map((encoding) => MEDIA_TYPES[encoding]);
  const streams = STREAMING.map((encoding) => `${MEDIA_TYPES[encoding]};stream=watch`);
  if (!isCustom && !isProducible(accept, all)) {
    const available = answer === "object" ? all : [...all, ...streams];
    throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${available.join(", ")}`, {});
  }
  const encodings = answer === "events" ? STREAMING : ALL;
  const chosen = negotiate(accept, { encodings, allowsTransforms: true, isCustom });
  if (chosen === undefined) {
    const accepted = answer === "events" ? streams : all;
    throw notAcceptable(`only the following media types are accepted: ${accepted.join(", ")}`);
  }
  const kind = chosen.transform?.kind;
  const goName = isCustom
    ? "*unstructured.Unstructured"
    : `*${resource.group.split(".")[0] || "core"}.${resource.kind}`;
  if (kind === "PartialObjectMetadata" && answer === "list") {
    throw notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${goName}List)`);
  }
  if (kind === "PartialObjectMetadataList" && answer === "object") {
    throw notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (${goName})`);
  }
  const asked = exchange.query.get("includeObject") ?? "";
  const includeObject = Object.hasOwn(INCLUDED, asked) ? INCLUDED[asked] : undefined;
  if (kind === "Table" && includeObject === undefined) {
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(asked)}`);
  }
  return {
    form: kind === undefined ? "whole" : kind === "Table" ? "table" : "metadata",
    encoding: chosen.encoding,
    metaVersion: chosen.transform?.version ?? "v1",
    includeObject: includeObject ?? "Metadata",
    now: () => exchange.now(),
  };
}

function notAcceptable(message: string, details?: Readonly<Record<string, unknown>>): Error {
  return refusal(406, "NotAcceptable", message, details === undefined ? {} : { details });
}

/** The object as a client sees it: by version of its resource, whole or its metadata, or as a table of one row. */
export function presentObject(object: KubeObject, resource: SimResource, representation: Representation): KubeObject {
  if (representation.form === "whole") return servedObject(resource, object);
  if (representation.form === "metadata") return partialMetadata(object, representation);
  return {
    ...tableHead(resource, representation, { resourceVersion: object.metadata.resourceVersion }),
    rows: [tableRow(object, resource, representation)],
  } as unknown as KubeObject;
}

/** The object as an element of a list: built-in kinds leave out their kind and version there. */
export function presentListItem(object: KubeObject, resource: SimResource, representation: Representation): unknown {
  if (representation.form === "table") return tableRow(object, resource, representation);
  if (representation.form === "metadata") return partialMetadata(object, representation);
  if (resource.isCustom === true) return servedObject(resource, object);
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = servedObject(resource, object);
  return rest;
}

/** What stands around the elements of a list; `member` is where they go. */
export function listFrame(
  resource: SimResource,
  representation: Representation,
  metadata: Readonly<Record<string, unknown>>,
): { readonly head: Readonly<Record<string, unknown>>; readonly member: "items" | "rows" } {
  if (representation.form === "table") return { head: tableHead(resource, representation, metadata), member: "rows" };
  const head =
    representation.form === "metadata"
      ? { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${representation.metaVersion}`, metadata }
      : { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata };
  return { head, member: "items" };
}

/** A row of a table: its cells and, as asked, the object. */
function tableRow(object: KubeObject, resource: SimResource, representation: Representation): unknown {
  const served = servedObject(resource, object);
  const { includeObject } = representation;
  return {
    cells: columnsOf(resource).cells(served, representation.now()),
    ...rowConditions(resource, served),
    object:
      includeObject === "None" ? null : includeObject === "Object" ? served : partialMetadata(object, representation),
  };
}

function tableHead(
  resource: SimResource,
  representation: Representation,
  metadata: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${representation.metaVersion}`,
    metadata,
    columnDefinitions: columnsOf(resource).definitions,
  };
}

/** Rows of pods that are over say so: kubectl hides them on wish. */
function rowConditions(resource: SimResource, object: KubeObject): { conditions?: unknown } {
  const phase = (object.status as { phase?: unknown } | undefined)?.phase;
  if (resource.group !== "" || resource.kind !== "Pod" || (phase !== "Succeeded" && phase !== "Failed")) return {};
  const message = phase === "Failed" ? "The pod failed." : "The pod has completed successfully.";
  return { conditions: [{ type: "Completed", status: "True", reason: phase, message }] };
}

function partialMetadata(object: KubeObject, representation: Representation): KubeObject {
  const apiVersion = `meta.k8s.io/${representation.metaVersion}`;
  return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
}
