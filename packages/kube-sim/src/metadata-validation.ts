import type { StatusCause } from "./api-refusal.ts";
import { isJsonRecord, type KubeObject } from "./kube-object.ts";
import type { SimResource } from "./sim-resource.ts";

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED_NAME_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/**
 * Everything that is wrong with an object's metadata, in the order and words of the API; empty when nothing is.
 */
export function findMetadataProblems(resource: SimResource, object: KubeObject): StatusCause[] {
  const problems: StatusCause[] = [];
  const { name, labels, annotations } = object.metadata;
  if (name === "") {
    problems.push({
      reason: "FieldValueRequired",
      message: "Required value: name or generateName is required",
      field: "metadata.name",
    });
  } else {
    const why = nameProblem(resource, name);
    if (why !== undefined) problems.push(invalidValue("metadata.name", name, why));
  }
  for (const [key, value] of Object.entries(labels ?? {})) {
    const why = keyProblem(key);
    if (why !== undefined) problems.push(invalidValue("metadata.labels", key, why));
    if (value.length > 63) problems.push(invalidValue("metadata.labels", value, "must be no more than 63 bytes"));
    else if (!LABEL_VALUE.test(value)) problems.push(invalidValue("metadata.labels", value, LABEL_VALUE_TEXT));
  }
  for (const key of Object.keys(annotations ?? {})) {
    const why = keyProblem(key.toLowerCase());
    if (why !== undefined) problems.push(invalidValue("metadata.annotations", key, why));
  }
  return problems;
}

/** Path of the first map of strings in the metadata that is not one; undefined when all are well formed. */
export function findMetadataTypeProblem(metadata: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of ["labels", "annotations"]) {
    const map = metadata[field];
    if (map === undefined || map === null) continue;
    if (!isJsonRecord(map) || Object.values(map).some((value) => typeof value !== "string")) return `metadata.${field}`;
  }
  const finalizers = metadata["finalizers"];
  if (finalizers !== undefined && finalizers !== null && !Array.isArray(finalizers)) return "metadata.finalizers";
  for (const field of ["name", "namespace", "generateName", "uid", "resourceVersion"]) {
    const value = metadata[field];
    if (value !== undefined && value !== null && typeof value !== "string") return `metadata.${field}`;
  }
  return undefined;
}

function nameProblem(resource: SimResource, name: string): string | undefined {
  if (resource.nameRule === "label") {
    if (name.length > 63) return "must be no more than 63 bytes";
    return LABEL.test(name) ? undefined : LABEL_TEXT;
  }
  if (name.length > 253) return "must be no more than 253 bytes";
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_TEXT;
}

function keyProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (prefix !== undefined && !SUBDOMAIN.test(prefix)) return `prefix part ${SUBDOMAIN_TEXT}`;
  if (name.length > 63) return "name part must be no more than 63 bytes";
  return QUALIFIED_NAME.test(name) ? undefined : QUALIFIED_NAME_TEXT;
}

function invalidValue(field: string, value: string, why: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}
