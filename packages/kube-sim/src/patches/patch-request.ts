import { isDeepStrictEqual } from "node:util";
import { applyJsonPatch, findUnknownPatchMembers } from "./json-patch.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { badRequest, conflict, notFound, refusal } from "../refusals/refusals.ts";
import type { RequestInfo } from "../requests/request-info.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";
import { checkCustomKind, checkCustomMetadata } from "../decoding/custom-identity.ts";
import { applyObject } from "../apply/field-manager.ts";
import { describeProblems, type FieldValidation } from "../decoding/field-validation.ts";
import { findDuplicates } from "../decoding/find-duplicates.ts";
import { isDeclared, structureOf } from "../decoding/resource-structure.ts";
import { goValue } from "../decoding/structural-validation.ts";
import { decodeTyped, TypeMismatch } from "../decoding/typed-decoder.ts";
import type { ViewOwners } from "../apply/view-owners.ts";
import { MalformedYaml, parseYamlBody, type YamlBody } from "../decoding/yaml-body.ts";

/** The four ways to patch, by media type. */
export type PatchKind = "json" | "merge" | "strategic" | "apply";

const MEDIA_TYPES: Readonly<Record<string, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** A PATCH, read but not applied. */
export interface PatchRequest {
  readonly resource: SimResource;
  readonly info: RequestInfo;
  readonly kind: PatchKind;
  readonly text: string;
  readonly validation: FieldValidation;
  /** Of the query; apply only. */
  readonly fieldManager: string;
  readonly isForced: boolean;
  /** RFC 3339, seconds. */
  readonly time: string;
  /** For a sub-resource that shows another shape of an object: what the owners of its fields are. */
  readonly viewOwners?: (() => ViewOwners | undefined) | undefined;
}

/** Makes the wanted object from the current one. */
export type ObjectChange = (current: KubeObject | undefined) => KubeObject;

/** @throws ApiRefusal 415 with the media types that the resource takes */
export function patchKindOf(mediaType: string, resource: SimResource): PatchKind {
  const kind = Object.hasOwn(MEDIA_TYPES, mediaType) ? MEDIA_TYPES[mediaType] : undefined;
  if (kind !== undefined && (kind !== "strategic" || resource.isCustom !== true)) return kind;
  if (resource.isCustom !== true) {
    throw refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", { details: {} });
  }
  const accepted = Object.keys(MEDIA_TYPES).filter((type) => MEDIA_TYPES[type] !== "strategic");
  throw refusal(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

/**
 * Reads a patch; what it gives is applied to whatever is there when the time has come, perhaps more than once.
 *
 * @throws ApiRefusal from the change: 400, 404, 409, 413, 415, 422, 500, each as the server answers it
 */
export async function readPatch(request: PatchRequest): Promise<ObjectChange> {
  if (request.kind !== "apply") return (current) => patched(request, current);
  let body: YamlBody;
  try {
    body = await parseYamlBody(request.text);
  } catch (error) {
    if (error instanceof MalformedYaml) throw badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
  return (current) => applied(request, body, current);
}

function applied(request: PatchRequest, body: YamlBody, current: KubeObject | undefined): KubeObject {
  const { resource, info, validation } = request;
  // A document without content counts as an empty object.
  const configuration = body.value ?? {};
  if (!isJsonRecord(configuration)) {
    const found = Array.isArray(configuration) ? "array" : typeof configuration;
    throw badRequest(
      "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal " +
        `${found} into Go value of type map[string]interface {}`,
    );
  }
  const { fieldManager, isForced, time } = request;
  const { subresource } = info;
  const owners = request.viewOwners?.();
  let live = current;
  if (current !== undefined && owners !== undefined) {
    live = { ...current, metadata: { ...current.metadata, managedFields: owners.ofView() } };
  }
  const object = applyObject({
    resource,
    subresource,
    live,
    applied: configuration,
    manager: fieldManager,
    isForced,
    time,
  });
  if (body.duplicates.length > 0 && validation.directive !== "Ignore") {
    const text = `error converting YAML to JSON: yaml: unmarshal errors:\n  ${body.duplicates.join("\n  ")}`;
    if (validation.directive === "Strict") throw badRequest(`error strict decoding YAML: ${text}`);
    for (const line of body.duplicates) validation.warn(line);
  }
  if (current === undefined && (object.metadata.uid ?? "") !== "") {
    const why = `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`;
    throw conflict(resource, info.name, why);
  }
  if (owners !== undefined) object.metadata["managedFields"] = owners.ofParent(object.metadata["managedFields"]);
  if (current === undefined) delete (object.metadata as JsonRecord)["resourceVersion"];
  return checkIdentity(resource, info, object);
}

function patched(request: PatchRequest, current: KubeObject | undefined): KubeObject {
  const { resource, info, kind, text, validation } = request;
  if (current === undefined) throw notFound(resource, info.name);
  const patch = parsePatch(request);
  // In the order of the struct, which messages show.
  const base = isDeclared(resource) ? decodeTyped(structureOf(resource), current).value : current;
  const lenient = validation.directive === "Ignore";
  const problems = lenient ? [] : describeProblems([], findDuplicates(text));
  let result: unknown;
  if (kind === "json") {
    result = applyJsonPatch(base, patch);
    if (!lenient) problems.push(...describeProblems(findUnknownPatchMembers(patch), []));
    problems.splice(0, problems.length, ...problems.map((problem) => `json patch ${problem}`));
  } else if (kind === "merge") {
    result = applyMergePatch(base, patch);
  } else {
    result = applyStrategicMergePatch(structureOf(resource), base, patch);
  }
  const shown = (): string =>
    kind === "strategic" ? goValue(patch) : patchedText(result, isDeclared(resource) ? base : undefined);
  const object = decodePatched(request, result, problems, shown);
  if (problems.length > 0 && !lenient) {
    if (validation.directive === "Strict") throw invalidPatch(shown(), `strict decoding error: ${problems.join(", ")}`);
    for (const problem of problems) validation.warn(problem);
  }
  return checkIdentity(resource, info, object);
}

/** Adds unknown fields to the problems. */
function decodePatched(request: PatchRequest, result: unknown, problems: string[], shown: () => string): KubeObject {
  const { resource } = request;
  if (!isJsonRecord(result)) {
    throw invalidPatch(shown(), "json: cannot unmarshal value into Go value of type map[string]interface {}");
  }
  if (!isDeclared(resource)) {
    if (request.validation.directive !== "Ignore") {
      problems.push(...describeProblems(resource.findUnknownFields?.(result) ?? [], []));
    }
    return asCustom(request, result, shown);
  }
  const typed = withOwnKind(request, result, shown);
  try {
    let { value, unknown } = decodeTyped(structureOf(resource), typed);
    // Several: they come in the order of the text that the server decodes.
    if (unknown.length > 1 && request.kind !== "strategic") {
      unknown = decodeTyped(structureOf(resource), JSON.parse(shown())).unknown;
    }
    problems.push(...describeProblems(unknown, []));
    return value as unknown as KubeObject;
  } catch (error) {
    if (error instanceof TypeMismatch) {
      throw invalidPatch(shown(), request.kind === "strategic" ? error.restoring : error.message);
    }
    throw error;
  }
}

function asCustom(request: PatchRequest, result: JsonRecord, shown: () => string): KubeObject {
  const { resource, info } = request;
  if ((result["kind"] ?? "") === "") throw invalidPatch(shown(), `Object 'Kind' is missing in '${shown()}'`);
  try {
    checkCustomMetadata(result);
  } catch (error) {
    if (error instanceof TypeMismatch) throw invalidPatch(shown(), error.message);
    throw error;
  }
  checkCustomKind(resource, result, info.name);
  const metadata = isJsonRecord(result["metadata"]) ? { ...result["metadata"] } : {};
  return { ...result, metadata } as unknown as KubeObject;
}

/** A patch cannot make an object of another kind; what it says of the kind is looked at only where the result is decoded anew. */
function withOwnKind(request: PatchRequest, result: JsonRecord, shown: () => string): JsonRecord {
  const { resource, info } = request;
  const own = { kind: resource.kind, apiVersion: apiVersionOf(resource) };
  const { kind = own.kind, apiVersion } = result;
  if (request.kind !== "strategic") {
    if ((apiVersion ?? "") === "") throw undeterminable(info);
    if (kind !== own.kind || apiVersion !== own.apiVersion) {
      const scheme = `in scheme "pkg/runtime/scheme.go:111"`;
      const what = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`;
      throw invalidPatch(shown(), `${what} ${scheme}`);
    }
  }
  return { ...result, ...own };
}

function undeterminable(info: RequestInfo): Error {
  return badRequest(`the name of the object (${info.name} based on URL) was undeterminable: name must be provided`);
}

function parsePatch({ kind, text }: PatchRequest): unknown {
  let patch: unknown;
  try {
    patch = JSON.parse(text);
  } catch (error) {
    throw badRequest(`${kind === "strategic" ? "" : "error decoding patch: "}${syntaxProblem(text, error)}`);
  }
  if (kind === "merge" && patch === null) throw badRequest("Invalid JSON Patch");
  if (kind === "merge" && !isJsonRecord(patch)) {
    const found = Array.isArray(patch) ? "array" : typeof patch;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
    );
  }
  return patch;
}

/** Says what is wrong with JSON in the words of Go. */
function syntaxProblem(text: string, error: unknown): string {
  const place = /position (\d+)/.exec(String(error))?.[1];
  const at = place === undefined ? text.length : Number(place);
  if (at >= text.trimEnd().length) return "unexpected end of JSON input";
  return `invalid character '${text[at] ?? ""}' looking for beginning of value`;
}

/** JSON as the server's patch library leaves it: what the patch came by has its names sorted, the rest is as it was. */
function patchedText(result: unknown, before: unknown): string {
  if (isDeepStrictEqual(result, before) && result !== undefined) return JSON.stringify(before);
  if (Array.isArray(result)) return `[${result.map((item) => patchedText(item, undefined)).join(",")}]`;
  if (!isJsonRecord(result)) return JSON.stringify(result);
  const names = Object.keys(result).sort();
  const old = isJsonRecord(before) ? before : {};
  return `{${names.map((name) => `${JSON.stringify(name)}:${patchedText(result[name], old[name])}`).join(",")}}`;
}

/** A patch may not rename or move an object. Fills in the namespace. */
function checkIdentity(resource: SimResource, info: RequestInfo, object: KubeObject): KubeObject {
  const { metadata } = object;
  const namespace = metadata.namespace ?? "";
  if (resource.namespaced) {
    if (namespace !== "" && namespace !== info.namespace) {
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
    metadata.namespace = info.namespace;
  } else delete (metadata as JsonRecord)["namespace"];
  if ((metadata.name ?? "") === "") {
    throw undeterminable(info);
  }
  if (metadata.name !== info.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`);
  }
  return object;
}

function invalidPatch(shown: string, why: string): Error {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  const causes = [{ reason: "FieldValueInvalid", message, field: "patch" }];
  return refusal(422, "Invalid", ` "" is invalid: patch: ${message}`, { details: { causes } });
}
