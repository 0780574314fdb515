import type { JsonRecord } from "../resources/kube-object.ts";
import { badRequest } from "../refusals/refusals.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import { checkCustomMetadata } from "./custom-identity.ts";
import { findDuplicates, inTextOrder } from "./find-duplicates.ts";
import { isDeclared, structureOf } from "./resource-structure.ts";
import { decodeTyped, TypeMismatch } from "./typed-decoder.ts";

/** What a request wants to happen to fields that nobody knows and to fields named twice. */
export interface FieldValidation {
  readonly directive: "Ignore" | "Warn" | "Strict";
  /** Adds a `Warning` header to the answer. */
  readonly warn: (text: string) => void;
}

/** Decodes and drops silently. */
export const LENIENT: FieldValidation = { directive: "Ignore", warn: () => {} };

/**
 * Decodes the body of a create or update into the declared struct of a built-in kind; custom resources are searched for
 * names given twice and for fields that their schema does not describe; pruning removes those later.
 *
 * @param text - the body as sent when it was JSON, else "".
 * @throws ApiRefusal 400 (a value of a wrong type; in mode Strict unknown fields and doubled ones)
 */
export function decodeBody(
  resource: SimResource,
  body: JsonRecord,
  text: string,
  validation: FieldValidation,
): JsonRecord {
  const duplicates = validation.directive === "Ignore" || text === "" ? [] : findDuplicates(text);
  try {
    if (!isDeclared(resource)) {
      checkCustomMetadata(body);
      const unknown = validation.directive === "Ignore" ? [] : (resource.findUnknownFields?.(body) ?? []);
      const problems = [...describeProblems([], duplicates), ...describeProblems(unknown, [])];
      reportProblems(resource, problems, validation);
      return body;
    }
    const { value, unknown } = decodeTyped(structureOf(resource), body);
    reportProblems(resource, describeProblems(unknown, duplicates, text), validation);
    return value;
  } catch (error) {
    if (error instanceof TypeMismatch) throw notHandled(resource, error.message);
    throw error;
  }
}

/**
 * The server's words; doubled fields inside unknown ones are nobody's concern.
 *
 * @param text - JSON that the paths are of; brings them into its order.
 */
export function describeProblems(unknown: readonly string[], duplicates: readonly string[], text?: string): string[] {
  const isUnknown = new Set(unknown);
  const doubled = duplicates.filter((path) => !beginningsOf(path).some((beginning) => isUnknown.has(beginning)));
  const isMixed = text !== undefined && unknown.length > 0 && doubled.length > 0;
  const paths = isMixed ? inTextOrder(text, unknown, doubled) : [...unknown, ...doubled];
  const isDoubled = new Set(doubled);
  return paths.map((path) => `${isDoubled.has(path) ? "duplicate" : "unknown"} field ${JSON.stringify(path)}`);
}

/** The path itself and the paths of everything around it. */
function beginningsOf(path: string): string[] {
  return [path, ...[...path.matchAll(/[.[]/g)].map(({ index }) => path.slice(0, index))];
}

/**
 * Warns of problems or refuses the request because of them, as it wants.
 *
 * @throws ApiRefusal 400 in mode Strict
 */
function reportProblems(resource: SimResource, problems: readonly string[], validation: FieldValidation): void {
  if (problems.length === 0 || validation.directive === "Ignore") return;
  if (validation.directive === "Strict") throw notHandled(resource, `strict decoding error: ${problems.join(", ")}`);
  for (const problem of problems) validation.warn(problem);
}

function notHandled(resource: SimResource, why: string): Error {
  const { kind, version } = resource;
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
}
