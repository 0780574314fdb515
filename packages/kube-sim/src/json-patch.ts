import { isDeepStrictEqual } from "node:util";
import { isJsonRecord, setMember } from "./kube-object.ts";
import { badRequest, refusal } from "./refusals.ts";

/**
 * Applies a JSON patch.
 *
 * @returns the result; the target is not changed.
 * @throws ApiRefusal 400 when the patch is not a list of operations, 422 when an operation fails.
 * @see RFC 6902
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
  }
  let document: unknown = structuredClone(target);
  for (const operation of patch as unknown[]) document = applyOperation(document, operation);
  return document;
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isJsonRecord(operation)) throw rejected();
  const path = pointer(operation["path"]);
  switch (operation["op"]) {
    case "add":
      return add(document, path, structuredClone(operation["value"]));
    case "remove":
      return remove(document, path);
    case "replace":
      read(document, path);
      return path.length === 0 ? structuredClone(operation["value"]) : replace(document, path, operation["value"]);
    case "move": {
      const from = pointer(operation["from"]);
      const value = read(document, from);
      return add(remove(document, from), path, value);
    }
    case "copy":
      return add(document, path, structuredClone(read(document, pointer(operation["from"]))));
    case "test":
      if (!isDeepStrictEqual(read(document, path), operation["value"])) throw rejected();
      return document;
    default:
      throw rejected();
  }
}

function pointer(value: unknown): string[] {
  if (value === "") return [];
  if (typeof value !== "string" || !value.startsWith("/")) throw rejected();
  return value
    .slice(1)
    .split("/")
    .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
}

function read(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const part of path) {
    if (Array.isArray(at)) at = at[arrayIndex(at, part, at.length - 1)] as unknown;
    else if (isJsonRecord(at) && Object.hasOwn(at, part)) at = at[part];
    else throw rejected();
  }
  return at;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent))
    parent.splice(key === "-" ? parent.length : arrayIndex(parent, key, parent.length), 0, value);
  else setMember(parent, key, value);
  return document;
}

function remove(document: unknown, path: readonly string[]): unknown {
  read(document, path);
  if (path.length === 0) return undefined;
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(arrayIndex(parent, key, parent.length - 1), 1);
  else delete parent[key];
  return document;
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  const { parent, key } = parentOf(document, path);
  if (Array.isArray(parent)) parent[arrayIndex(parent, key, parent.length - 1)] = structuredClone(value);
  else setMember(parent, key, structuredClone(value));
  return document;
}

function parentOf(
  document: unknown,
  path: readonly string[],
): { readonly parent: Record<string, unknown> | unknown[]; readonly key: string } {
  const parent = read(document, path.slice(0, -1));
  if (!Array.isArray(parent) && !isJsonRecord(parent)) throw rejected();
  return { parent, key: path.at(-1) ?? "" };
}

function arrayIndex(list: readonly unknown[], part: string, max: number): number {
  const index = /^-?\d+$/.test(part) ? Number(part) : Number.NaN;
  const position = index < 0 ? list.length + index : index;
  if (!(position >= 0 && position <= max)) throw rejected();
  return position;
}

function rejected(): Error {
  return refusal(422, "Invalid", "the server rejected our request due to an error in our request", { details: {} });
}
