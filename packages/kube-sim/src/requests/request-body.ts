import type { IncomingMessage } from "node:http";
import { loadFieldTable } from "@kinglet/kube-schema/field-table";
import { checkTextDepth } from "./nesting.ts";
import { checkCustomKind } from "../decoding/custom-identity.ts";
import { decodeBody, type FieldValidation, LENIENT } from "../decoding/field-validation.ts";
import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { findMetadataTypeProblem } from "../writing/metadata-validation.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";
import { ProtobufDecoder } from "../representation/protobuf-decoder.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";

/** Largest body the API takes, bytes. */
const MAX_BODY_BYTES = 3_145_728;

/**
 * Reads a request body to its end.
 *
 * @throws ApiRefusal 413 above 3 MiB, as soon as that is known; 400 for what is nested too deeply and for protobuf of no kind.
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // The stream stays open behind what was read of it: the answer goes out on the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const isProtobuf = mediaTypeOf(request) === "application/vnd.kubernetes.protobuf";
  const text = isProtobuf ? readProtobuf(request, bytes) : bytes.toString();
  checkTextDepth(text);
  return text;
}

function tooLarge(): Error {
  return refusal(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY_BYTES}`);
}

/**
 * A protobuf body becomes the JSON of the same object, and the request one with a JSON body: nothing behind this line needs to
 * know.
 */
function readProtobuf(request: IncomingMessage, bytes: Buffer): string {
  request.headers["content-type"] = "application/json";
  if (bytes.length === 0) return "";
  const decoded = new ProtobufDecoder(loadFieldTable()).decode(bytes, { apiVersion: "", kind: "" });
  if (decoded === undefined) {
    throw badRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  if (decoded.object === undefined) {
    throw badRequest(
      `no kind ${JSON.stringify(decoded.kind)} is registered for version ${JSON.stringify(decoded.apiVersion)}`,
    );
  }
  return JSON.stringify(decoded.object);
}

/** The media type without its parameters, lower case. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/**
 * Parses an object that is to be created or to replace another.
 *
 * @param namespace - of the URL; the object gets it.
 * @param validation - what happens to unknown and doubled fields; by default they are dropped silently.
 * @throws ApiRefusal 400 (not JSON, wrong kind, wrong namespace), 415
 */
export function parseObject(
  text: string,
  mediaType: string,
  resource: SimResource,
  namespace: string,
  validation: FieldValidation = LENIENT,
): KubeObject {
  if (mediaType !== "application/json" && mediaType !== "") {
    throw refusal(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json",
    );
  }
  const body = parseJson(
    text,
    `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error:`,
  );
  if (!isJsonRecord(body)) throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind})`);
  if (resource.isCustom === true && (body["kind"] ?? "") === "") throw kindIsMissing(resource, text);
  const kind = (body["kind"] as string | undefined) ?? resource.kind;
  const apiVersion = (body["apiVersion"] as string | undefined) ?? apiVersionOf(resource);
  if (resource.isCustom === true && apiVersion !== apiVersionOf(resource) && validation.directive !== "Ignore") {
    // No schema describes the version that the body names, so nothing but the metadata is known.
    for (const field of Object.keys(body).sort()) {
      if (!["apiVersion", "kind", "metadata"].includes(field))
        validation.warn(`unknown field ${JSON.stringify(field)}`);
    }
  }
  checkKind(resource, kind, apiVersion);
  const decoded = decodeBody(resource, body, text, validation);
  const metadata = isJsonRecord(decoded["metadata"]) ? decoded["metadata"] : {};
  checkTypes(resource, decoded, metadata);
  const name = (metadata["name"] as string | undefined) ?? "";
  if (resource.isCustom === true) checkCustomKind(resource, { kind, apiVersion }, name);
  const own = (metadata["namespace"] as string | undefined) ?? "";
  if (own !== "" && own !== namespace && resource.namespaced) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const object = { ...decoded, apiVersion, kind, metadata: { ...metadata, name } } as unknown as KubeObject;
  if (resource.namespaced) object.metadata.namespace = namespace;
  else delete object.metadata.namespace;
  for (const [field, value] of Object.entries(object.metadata)) if (value === null) delete object.metadata[field];
  return object;
}

/** Parses JSON. @throws ApiRefusal 400, the message starts with `context` */
export function parseJson(text: string, context: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = text === "" ? "<empty>" : text.slice(0, 200);
    const why = /unexpected end/i.test(String(error))
      ? "unexpected end of JSON input"
      : "invalid character in JSON input";
    throw badRequest(`${context} ${why} (${shown})`);
  }
}

function kindIsMissing(resource: SimResource, text: string): Error {
  const start = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  return badRequest(
    `the object provided is unrecognized (must be of type ${resource.kind}): Object 'Kind' is missing in '${text}' (${start})`,
  );
}

function checkKind(resource: SimResource, kind: string, apiVersion: string): void {
  const expected = apiVersionOf(resource);
  if (kind === resource.kind && apiVersion === expected) return;
  const head = `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${resource.kind}`;
  if (resource.isCustom === true) {
    // Another kind is a matter of validation, once the metadata is known to be well formed.
    if (apiVersion === expected) return;
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (apiVersion === expected) {
    throw badRequest(
      `${head}: converting (${resource.version}.${kind}) to (core.${resource.kind}): unknown conversion`,
    );
  }
  throw badRequest(
    `${head}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}

function checkTypes(resource: SimResource, body: Record<string, unknown>, metadata: Record<string, unknown>): void {
  const field = findMetadataTypeProblem(metadata);
  if (field !== undefined) {
    throw badRequest(
      `${resource.kind} in version ${JSON.stringify(body["apiVersion"] ?? apiVersionOf(resource))} cannot be handled as a ` +
        `${resource.kind}: json: cannot unmarshal value into Go struct field ObjectMeta.${field} of type string`,
    );
  }
}
