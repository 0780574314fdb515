import { readPath, type KubeObject } from "../resources/kube-object.ts";
import { badRequest } from "../refusals/refusals.ts";
import { servedObject, type SimResource } from "../resources/sim-resource.ts";

/** One condition of a field selector. */
export interface FieldRequirement {
  readonly path: string;
  readonly isEqual: boolean;
  readonly value: string;
}

/**
 * Parses `metadata.name=a,spec.nodeName!=b` and refuses fields that the resource does not support.
 *
 * @throws ApiRefusal 400 with the wording of the kind.
 */
export function parseFieldSelector(text: string, resource: SimResource): readonly FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === "") continue;
    const match = /^([^=!]*)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const path = match[1] ?? "";
    if (!isSupported(resource, path)) throw unsupported(resource, path);
    requirements.push({ path, isEqual: match[2] !== "!=", value: unescape(match[3] ?? "") });
  }
  return requirements;
}

/** True when the object satisfies every condition. */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  resource: SimResource,
  object: KubeObject,
): boolean {
  if (requirements.length === 0) return true;
  const served = servedObject(resource, object);
  for (const requirement of requirements) {
    if ((fieldText(resource, served, requirement.path) === requirement.value) !== requirement.isEqual) return false;
  }
  return true;
}

function fieldText(resource: SimResource, object: KubeObject, path: string): string {
  const value = readPath(object, path);
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return resource.fieldSelectors?.[path] ?? "";
}

function isSupported(resource: SimResource, path: string): boolean {
  if (path === "metadata.name" || path === "metadata.namespace") return true;
  return resource.fieldSelectors !== undefined && Object.hasOwn(resource.fieldSelectors, path);
}

function unsupported(resource: SimResource, path: string): Error {
  return badRequest(
    resource.listsSupportedFields === true
      ? `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${path}`,
  );
}

/** Splits at commas that no backslash protects. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = "";
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? "";
    if (character === "\\") {
      term += character + (text[index + 1] ?? "");
      index++;
    } else if (character === ",") {
      terms.push(term);
      term = "";
    } else {
      term += character;
    }
  }
  terms.push(term);
  return terms;
}

function unescape(value: string): string {
  return value.replace(/\\([\\,=])/g, "$1");
}
