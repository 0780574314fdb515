import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "./errors.ts";
import type { Interner } from "./interner.ts";
import type { ProtobufDecoderFactory } from "./protobuf/protobuf-decoder.ts";

/**
 * Declares which fields of an object are kept; everything else is dropped while it is decoded.
 *
 * Paths are field names joined by dots; `[]` after a name means each element of that array; a name with dots or slashes stands in
 * brackets and quotes. The last name keeps the whole value under it. `metadata.{name,namespace,uid,resourceVersion}` are
 * always kept; `metadata.managedFields` never is. `apiVersion` and `kind` are kept when named. Equal lists and maps of different objects (labels, owners) may be one
 * and the same: do not change what you are given.
 *
 * Write it as one constant: it is compiled once per object identity.
 *
 * @example `{ paths: ["spec.nodeName", "spec.containers[].name", 'metadata.annotations["kubescape.io/status"]'] }`
 * @public
 */
export interface Projection {
  readonly paths: readonly string[];
  /**
   * Makes the decoder of these paths that was written at build time (`@kinglet/kube-client/decoder-writer`). Only for the kind it was written for. Absent: built-in
   * kinds are decoded by a table, which costs 0.4 MB of heap when it is first needed.
   */
  readonly protobuf?: ProtobufDecoderFactory;
}

/** A projection ready to run: copies the declared fields of a parsed object, which the caller must not use afterwards. */
export type CompiledProjection = (
  source: Readonly<Record<string, unknown>>,
  interner: Interner,
) => Record<string, unknown>;

/** One field that is kept, in the order of the paths. */
export interface ProjectedField {
  readonly key: string;
  readonly isArray: boolean;
  /** Absent: the whole value is kept. */
  readonly fields: readonly ProjectedField[] | undefined;
  readonly isInterned: boolean;
  readonly Shape: new () => Record<string, unknown>;
}

interface Draft {
  isArray: boolean | undefined;
  isWhole: boolean;
  readonly children: Map<string, Draft>;
}

const IDENTITY = ["metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion"];
/** Different in every object: interning them would only push the repeated strings out. */
const UNIQUE = new Set(["name", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"]);
const UNIQUE_ANYWHERE = new Set(["containerID", "podIP", "time", "lastTransitionTime"]);

/** Strings further inside are kept as they came. */
const MAX_INTERNED_DEPTH = 100;

const compiled = new WeakMap<Projection, CompiledProjection>();

/**
 * Compiles a projection; the same object is compiled once.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT for a path that cannot be read, or one that contradicts another.
 */
export function compileProjection(projection: Projection): CompiledProjection {
  const known = compiled.get(projection);
  if (known !== undefined) return known;
  const fields = projectedFields(projection);
  const Shape = createShape();
  const run: CompiledProjection = (source, interner) => copyFields(source, fields, Shape, interner);
  compiled.set(projection, run);
  return run;
}

/**
 * The fields of a projection and the identity of an object, as a tree.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT as `compileProjection`.
 */
export function projectedFields(projection: Projection): readonly ProjectedField[] {
  const root: Draft = { isArray: false, isWhole: false, children: new Map() };
  for (const path of [...IDENTITY, ...projection.paths]) addPath(root, path);
  return freezeDraft(root, "");
}

/** False for fields that differ in every object. */
export function isInternedField(parent: string, key: string): boolean {
  return !(parent === "metadata" && UNIQUE.has(key)) && !UNIQUE_ANYWHERE.has(key);
}

/** The names of a path, in order, each with whether it is an array. */
function parsePath(path: string): { key: string; isArray: boolean }[] {
  const steps: { key: string; isArray: boolean }[] = [];
  const step = /(?:(^|\.)([A-Za-z0-9_$-]+)|\["([^"\]]+)"\])(\[\])?/y;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    const key = match?.[2] ?? match?.[3];
    if (
      match === null ||
      key === undefined ||
      key === "__proto__" ||
      (match[2] !== undefined && (match[1] === ".") === (steps.length === 0))
    ) {
      throw badPath(path, "cannot be read as names joined by dots");
    }
    steps.push({ key, isArray: match[4] !== undefined });
  }
  if (steps.length === 0) throw badPath(path, "is empty");
  return steps;
}

function addPath(root: Draft, path: string): void {
  let at = root;
  const steps = parsePath(path);
  for (const [index, { key, isArray }] of steps.entries()) {
    let next = at.children.get(key);
    if (next === undefined) {
      next = { isArray: undefined, isWhole: false, children: new Map() };
      at.children.set(key, next);
    }
    if (index === steps.length - 1) {
      next.isWhole = true;
    } else {
      if (next.isArray !== undefined && next.isArray !== isArray) {
        throw badPath(path, `contradicts another path on whether "${key}" is an array`);
      }
      next.isArray = isArray;
    }
    at = next;
  }
}

function freezeDraft(draft: Draft, parent: string): readonly ProjectedField[] {
  const fields: ProjectedField[] = [];
  for (const [key, child] of draft.children) {
    fields.push({
      key,
      isArray: child.isArray === true,
      fields: child.isWhole ? undefined : freezeDraft(child, key),
      isInterned: isInternedField(parent, key),
      Shape: createShape(),
    });
  }
  return fields;
}

/**
 * A constructor of plain objects with a hidden class of its own. V8 shrinks its instances to the number of fields they really get after
 * the first few; `{}` would give each four slots and put the fifth field into a second allocation.
 */
export function createShape(): new () => Record<string, unknown> {
  const Shape = function Shape(): void {} as unknown as new () => Record<string, unknown>;
  Shape.prototype = Object.prototype;
  return Shape;
}

function copyFields(
  source: Readonly<Record<string, unknown>>,
  fields: readonly ProjectedField[],
  Shape: new () => Record<string, unknown>,
  interner: Interner,
): Record<string, unknown> {
  const target = new Shape();
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!; // index < length
    const value = projectValue(source[field.key], field, interner);
    if (value !== undefined) target[field.key] = value;
  }
  return target;
}

/** What a projection keeps of one field's parsed value; `undefined` when nothing. */
export function projectValue(value: unknown, field: ProjectedField, interner: Interner): unknown {
  // A function is a member inherited from Object.prototype: the field is absent.
  if (value === undefined || value === null || typeof value === "function") return undefined;
  if (field.fields === undefined) {
    if (typeof value === "string") return field.isInterned ? interner.intern(value) : value;
    return internWithin(field.key === "metadata" ? withoutManagedFields(value) : value, interner);
  }
  if (field.isArray) return Array.isArray(value) ? copyElements(value, field, field.fields, interner) : undefined;
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  return copyFields(value as Record<string, unknown>, field.fields, field.Shape, interner);
}

function copyElements(
  elements: readonly unknown[],
  field: ProjectedField,
  fields: readonly ProjectedField[],
  interner: Interner,
): unknown[] {
  const copies: unknown[] = [];
  for (const element of elements) {
    if (typeof element === "object" && element !== null) {
      copies.push(copyFields(element as Record<string, unknown>, fields, field.Shape, interner));
    }
  }
  // A grown array keeps spare room; a sliced one does not.
  return copies.length > 0 ? copies.slice() : copies;
}

/** Interns the strings of a value that is kept whole, in place: the parsed object is ours, and its shape is already exact. */
function internWithin(value: unknown, interner: Interner, depth = 0): unknown {
  // A server takes objects nested 10,000 deep: more than the stack is.
  if (typeof value !== "object" || value === null || depth > MAX_INTERNED_DEPTH) return value;
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const child = record[key];
    if (typeof child === "string") record[key] = interner.intern(child);
    else if (typeof child === "object") internWithin(child, interner, depth + 1);
  }
  return value;
}

/** The metadata of an object without `managedFields`, which nobody but the server reads and which is half of a small object. */
export function withoutManagedFields(metadata: unknown): unknown {
  if (typeof metadata !== "object" || metadata === null || !("managedFields" in metadata)) return metadata;
  const { managedFields: _, ...rest } = metadata;
  return rest;
}

function badPath(path: string, problem: string): Error {
  return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
    what: `projection path "${path}"`,
    problem,
  });
}
