import type { ApiRefusal } from "../refusals/api-refusal.ts";
import { refusal } from "../refusals/refusals.ts";
import type { RequestInfo } from "../requests/request-info.ts";
import type { UserInfo } from "./user-info.ts";

/** What is to be decided: one verb on a resource, or on a path that is none. */
export type RequestAttributes = ResourceAttributes | PathAttributes;

/** A verb on a resource. */
export interface ResourceAttributes {
  readonly isResource: true;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** "" for cluster-wide. */
  readonly namespace: string;
  /** "" for all. */
  readonly name: string;
}

/** A verb on a path outside the resources. */
interface PathAttributes {
  readonly isResource: false;
  readonly verb: string;
  readonly path: string;
}

const SELECTED_NAME = /^metadata\.name={1,2}([^,=!/%]+)$/;

/**
 * What a request has to be allowed to do.
 *
 * Two peculiarities of the API: a request for one namespace is made in that namespace, and a collection narrowed down to one
 * name by a field selector counts as that one object.
 */
export function attributesOf(info: RequestInfo, query: URLSearchParams): RequestAttributes {
  if (!info.isResource) return { isResource: false, verb: info.verb, path: decodePath(info.path) };
  const isNamespace = info.group === "" && info.plural === "namespaces";
  const isCollection = info.verb === "list" || info.verb === "watch";
  return {
    isResource: true,
    verb: info.verb,
    group: info.group,
    resource: info.plural,
    subresource: info.subresource.split("/")[0] ?? "",
    namespace: isNamespace ? info.name : info.namespace,
    name: info.name === "" && isCollection ? selectedName(query.get("fieldSelector")) : info.name,
  };
}

/** Rules are about paths as people write them. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A malformed escape stands for itself; no rule names it.
    return path;
  }
}

function selectedName(selector: string | null): string {
  for (const part of (selector ?? "").split(",")) {
    const name = SELECTED_NAME.exec(part)?.[1];
    if (name !== undefined && name !== "." && name !== "..") return name;
  }
  return "";
}

/**
 * The refusal of what a user may not do.
 *
 * @param reason - why, as the authorizer gave it; "" when there is nothing to say.
 */
export function deniedRequest(user: UserInfo, attributes: RequestAttributes, reason: string): ApiRefusal {
  const why = reason === "" ? "" : `: ${reason}`;
  const userName = JSON.stringify(user.name);
  if (!attributes.isResource) {
    const text = `User ${userName} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
    return refusal(403, "Forbidden", `forbidden: ${withoutMarkup(text)}${why}`, { details: {} });
  }
  const { group, namespace, name } = attributes;
  const resource =
    attributes.subresource === "" ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  const text =
    `User ${userName} cannot ${attributes.verb} resource ${JSON.stringify(resource)} ` +
    `in API group ${JSON.stringify(group)} ${scope}`;
  const what = group === "" ? attributes.resource : `${attributes.resource}.${group}`;
  const subject = name === "" ? what : `${what} ${JSON.stringify(name)}`;
  return refusal(403, "Forbidden", `${subject} is forbidden: ${withoutMarkup(text)}${why}`, {
    details: {
      ...(name === "" ? {} : { name }),
      ...(group === "" ? {} : { group }),
      ...(attributes.resource === "" ? {} : { kind: attributes.resource }),
    },
  });
}

/** A message with what the client sent must not pass for HTML. */
function withoutMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
