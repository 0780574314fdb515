import { applyJsonPatch } from "../patches/json-patch.ts";
import { isJsonRecord, textOf } from "../resources/kube-object.ts";

/**
 * Why a webhook's patch cannot be applied, in the API's words: it names the first operation that fails.
 *
 * @see the library that kube-apiserver v1.36.3 applies such patches with (evanphx/json-patch v4)
 */
export function describePatchFailure(target: unknown, patch: readonly unknown[]): string {
  let document = target;
  for (const operation of patch) {
    try {
      document = applyJsonPatch(document, [operation]);
    } catch {
      return describeOperation(document, isJsonRecord(operation) ? operation : {});
    }
  }
  return "invalid state detected";
}

function describeOperation(document: unknown, operation: Readonly<Record<string, unknown>>): string {
  const kind = String(operation["op"]);
  const path = textOf(operation["path"]);
  const from = textOf(operation["from"]);
  const missing = "missing value";
  switch (kind) {
    case "add":
      if (!hasParent(document, path)) return `add operation does not apply: doc is missing path: "${path}": ${missing}`;
      return `error in add for path: '${path}': ${indexProblem(path)}`;
    case "remove":
      if (!hasParent(document, path))
        return `remove operation does not apply: doc is missing path: "${path}": ${missing}`;
      return `error in remove for path: '${path}': ${removalProblem(document, path)}`;
    case "replace":
      if (!hasParent(document, path))
        return `replace operation does not apply: doc is missing path: ${path}: ${missing}`;
      return `replace operation does not apply: doc is missing key: ${path}: ${missing}`;
    case "move":
      if (!hasParent(document, from))
        return `move operation does not apply: doc is missing from path: ${from}: ${missing}`;
      if (!hasParent(document, path)) {
        return `move operation does not apply: doc is missing destination path: ${path}: ${missing}`;
      }
      return `error in move for path: '${lastKey(from)}': ${removalProblem(document, from)}`;
    case "copy":
      if (!hasParent(document, from))
        return `copy operation does not apply: doc is missing from path: ${from}: ${missing}`;
      if (!hasParent(document, path)) {
        return `copy operation does not apply: doc is missing destination path: ${path}: ${missing}`;
      }
      return `error in copy for from: '${from}': ${indexProblem(from)}`;
    case "test":
      if (!hasParent(document, path)) return `test operation does not apply: is missing path: ${path}: ${missing}`;
      return `testing value ${path} failed: test failed`;
    default:
      return `Unexpected kind: ${kind === "undefined" ? "unknown" : kind}`;
  }
}

function removalProblem(document: unknown, path: string): string {
  const parent = parentOf(document, path);
  return Array.isArray(parent)
    ? indexProblem(path)
    : `Unable to remove nonexistent key: ${lastKey(path)}: missing value`;
}

function indexProblem(path: string): string {
  const key = lastKey(path);
  if (/^-?\d+$/.test(key)) return `Unable to access invalid index: ${key}: invalid index referenced`;
  return `value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
}

function lastKey(path: string): string {
  return unescape(path.slice(path.lastIndexOf("/") + 1));
}

function hasParent(document: unknown, path: string): boolean {
  const parent = parentOf(document, path);
  return typeof parent === "object" && parent !== null;
}

function parentOf(document: unknown, path: string): unknown {
  let at = document;
  for (const part of path.split("/").slice(1, -1)) {
    const key = unescape(part);
    if (Array.isArray(at)) at = at[Number(key)] as unknown;
    else at = isJsonRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

function unescape(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
