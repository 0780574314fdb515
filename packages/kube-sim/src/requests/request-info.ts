/** What a request asks for, read from method and URL alone. */
export interface RequestInfo {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or the lower-case method outside resources. */
  readonly verb: string;
  readonly path: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** "" for cluster-wide objects and lists over all namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/**
 * Reads `/api/v1/…`, `/apis/GROUP/VERSION/…` and the old `…/watch/…` form.
 *
 * Anything without a resource part (discovery, health) has `isResource` false.
 */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodePart);
  const isCore = parts[0] === "api";
  const head = isCore ? 2 : 3;
  if ((!isCore && parts[0] !== "apis") || parts.length <= head) {
    return { ...NOTHING, verb: method.toLowerCase(), path };
  }
  const group = isCore ? "" : (parts[1] ?? "");
  const version = parts[head - 1] ?? "";
  let rest = parts.slice(head);
  const isOldWatch = rest[0] === "watch";
  if (isOldWatch) rest = rest.slice(1);
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "status" && rest[2] !== "finalize") {
    namespace = rest[1] ?? "";
    rest = rest.slice(2);
  }
  const [plural = "", name = "", ...sub] = rest;
  const isWatch = isOldWatch || isWatchQuery(query.get("watch"));
  return {
    verb: verbOf(method, name, isWatch, isOldWatch),
    path,
    isResource: true,
    group,
    version,
    plural,
    namespace,
    name,
    // What follows `proxy` is a path behind the API.
    subresource: sub[0] === "proxy" ? "proxy" : sub.join("/"),
  };
}

const NOTHING: RequestInfo = {
  verb: "",
  path: "",
  isResource: false,
  group: "",
  version: "",
  plural: "",
  namespace: "",
  name: "",
  subresource: "",
};

function verbOf(method: string, name: string, isWatch: boolean, isOldWatch: boolean): string {
  switch (method) {
    case "GET":
    case "HEAD":
      if (isOldWatch) return "watch";
      if (name !== "") return "get";
      return isWatch ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === "" ? "deletecollection" : "delete";
    default:
      return method.toLowerCase();
  }
}

function isWatchQuery(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0";
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A malformed escape names no object; the raw text leads to an ordinary 404.
    return part;
  }
}
