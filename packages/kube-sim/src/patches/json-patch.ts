import { isDeepStrictEqual } from "node:util";
import { isTooDeep } from "../requests/nesting.ts";
import { isJsonRecord, setMember } from "../resources/kube-object.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";

const MAX_OPERATIONS = 10_000;
/** What all copies of one patch may add together, bytes of JSON. */
const MAX_COPIED_BYTES = 3_145_728;
const MEMBERS: Readonly<Record<string, true>> = { op: true, path: true, from: true, value: true };

/**
 * Applies a JSON patch as the API server does. Beyond the standard, `replace` sets an absent member of an object, `test` finds
 * `null` where nothing is, and negative positions count from the end; the whole document cannot be added or removed.
 *
 * @returns the result; the target is not changed.
 * @throws ApiRefusal 400 when the patch is not a list of operations, 413 above 10,000, 422 when an operation fails, copies
 *   exceed 3 MiB or the result is nested too deeply.
 * @see RFC 6902
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type []handlers.jsonPatchOp`,
    );
  }
  for (const operation of patch as unknown[]) checkOperation(operation);
  if (patch.length > MAX_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw refusal(413, "RequestEntityTooLarge", `Request entity too large: ${text}`);
  }
  let document: unknown = structuredClone(target);
  let copied = 0;
  for (const operation of patch as (Record<string, unknown> | null)[]) {
    if (operation?.["op"] === "copy") {
      const value = readMember(document, pointer(operation["from"]));
      copied += Buffer.byteLength(JSON.stringify(value));
      if (copied > MAX_COPIED_BYTES) throw rejected();
    }
    document = applyOperation(document, operation);
  }
  if (isTooDeep(document)) throw rejected();
  return document;
}

/** Members of operations that no operation has: `[0].foo`. */
export function findUnknownPatchMembers(patch: unknown): string[] {
  if (!Array.isArray(patch)) return [];
  return (patch as unknown[]).flatMap((operation, at) =>
    isJsonRecord(operation)
      ? Object.keys(operation).flatMap((name) => (MEMBERS[name] === true ? [] : [`[${at}].${name}`]))
      : [],
  );
}

function checkOperation(operation: unknown): void {
  if (operation === null) return;
  if (!isJsonRecord(operation)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKind(operation)} into Go value of type handlers.jsonPatchOp`,
    );
  }
  for (const name of ["op", "path", "from"]) {
    const value = operation[name];
    if (value !== undefined && value !== null && typeof value !== "string") {
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go struct field jsonPatchOp.${name} of type string`,
      );
    }
  }
}

function applyOperation(document: unknown, operation: Record<string, unknown> | null): unknown {
  const path = pointer(operation?.["path"]);
  const value = structuredClone(operation?.["value"] ?? null);
  switch (operation?.["op"]) {
    case "add":
      return add(document, path, value);
    case "remove":
      return remove(document, path);
    case "replace":
      if (path.length === 0) {
        if (typeof value !== "object" || value === null) throw rejected();
        return value;
      }
      return replace(document, path, value);
    case "move": {
      const from = pointer(operation["from"]);
      const moved = readMember(document, from);
      return add(remove(document, from), path, moved);
    }
    case "copy":
      return add(document, path, structuredClone(readMember(document, pointer(operation["from"]))));
    case "test": {
      const found = path.length === 0 ? document : readMember(document, path);
      if (!isDeepStrictEqual(found, value)) throw rejected();
      return document;
    }
    default:
      throw rejected();
  }
}

function pointer(value: unknown): string[] {
  if (value === "") return [];
  if (typeof value !== "string" || !value.includes("/")) throw rejected();
  return value
    .split("/")
    .slice(1)
    .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
}

/** The value at a path whose parent exists; `null` for an absent member of an object. */
function readMember(document: unknown, path: readonly string[]): unknown {
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent)) return parent[arrayIndex(parent, key, parent.length - 1)];
  return Object.hasOwn(parent, key) ? parent[key] : null;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent)) {
    parent.splice(key === "-" ? parent.length : arrayIndex(parent, key, parent.length), 0, value);
  } else setMember(parent, key, value);
  return document;
}

function remove(document: unknown, path: readonly string[]): unknown {
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(arrayIndex(parent, key, parent.length - 1), 1);
  else if (Object.hasOwn(parent, key)) delete parent[key];
  else throw rejected();
  return document;
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent)) parent[arrayIndex(parent, key, parent.length - 1)] = value;
  else setMember(parent, key, value);
  return document;
}

function parentOf(
  document: unknown,
  path: readonly string[],
): { readonly parent: Record<string, unknown> | unknown[]; readonly key: string } {
  if (path.length === 0) throw rejected();
  let at = document;
  for (const part of path.slice(0, -1)) {
    if (Array.isArray(at)) at = at[arrayIndex(at, part, at.length - 1)] as unknown;
    else if (isJsonRecord(at) && Object.hasOwn(at, part)) at = at[part];
    else throw rejected();
  }
  if (!Array.isArray(at) && !isJsonRecord(at)) throw rejected();
  return { parent: at, key: path.at(-1) ?? "" };
}

/** Negative positions count from the end; when adding, from the place behind it. */
function arrayIndex(list: readonly unknown[], part: string, max: number): number {
  const index = /^[+-]?\d+$/.test(part) ? Number(part) : Number.NaN;
  const position = index < 0 ? max + 1 + index : index;
  if (!(position >= 0 && position <= max && position <= list.length)) throw rejected();
  return position;
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}

function rejected(): Error {
  return refusal(422, "Invalid", "the server rejected our request due to an error in our request", { details: {} });
}
