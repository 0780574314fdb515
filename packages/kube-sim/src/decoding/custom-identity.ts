import { loadStructure } from "@kinglet/kube-schema/structure";
import type { JsonRecord } from "../resources/kube-object.ts";
import { invalid, refusal } from "../refusals/refusals.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";
import { decodeTyped } from "./typed-decoder.ts";

/**
 * Checks that the metadata of a custom resource is metadata, which no schema of a definition says.
 *
 * @throws TypeMismatch
 */
export function checkCustomMetadata(object: JsonRecord): void {
  const { metadata } = object;
  if (metadata === undefined || metadata === null) return;
  const type = loadStructure().typeOf("v1", "ConfigMap")?.fields?.get("metadata")?.type;
  if (type !== undefined) decodeTyped(type, metadata);
}

/**
 * Checks that a patched custom resource is still one of its kind.
 *
 * @throws ApiRefusal 422 for another kind or version, 500 without a version
 */
export function checkCustomKind(resource: SimResource, object: JsonRecord, name: string): void {
  const { kind, apiVersion } = object;
  const [ownKind, ownVersion] = [resource.kind, apiVersionOf(resource)];
  if (typeof apiVersion !== "string" || apiVersion === "") {
    const why = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
    throw refusal(500, "InternalError", `Internal error occurred: ${why}`, { details: { causes: [{ message: why }] } });
  }
  const subject = {
    group: apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "",
    kind: typeof kind === "string" ? kind : "",
  };
  const causes = [
    { field: "kind", value: kind, wanted: ownKind },
    { field: "apiVersion", value: apiVersion, wanted: ownVersion },
  ]
    .filter(({ value, wanted }) => value !== wanted)
    .map(({ field, value, wanted }) => ({
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(value)}: must be ${wanted}`,
      field,
    }));
  if (causes.length > 0) throw invalid(subject, name, causes);
}
