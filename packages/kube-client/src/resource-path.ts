import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "./errors.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** Query values; `undefined` and `""` are left out, except that `""` of `resourceVersion` means the same as absent. */
export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Path and query of a collection, e.g. `/api/v1/namespaces/shop/pods?limit=500`.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT for a namespace that cannot be a path segment.
 */
export function collectionPath(
  resource: ResourceDefinition,
  namespace: string | undefined,
  query: QueryValues,
): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope =
    resource.namespaced && namespace !== undefined && namespace !== ""
      ? `/namespaces/${pathSegment("namespace", namespace)}`
      : "";
  return `${root}${scope}/${resource.plural}${queryText(query)}`;
}

/**
 * Path and query of one object, e.g. `/api/v1/namespaces/shop/pods/cart-0/status`. Case is kept.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT when a namespaced kind has no namespace, or a name is empty, `.` or `..`: an empty name would
 * address the whole collection.
 */
export function objectPath(
  resource: ResourceDefinition,
  target: { readonly namespace?: string | undefined; readonly name: string; readonly subresource?: string | undefined },
  query: QueryValues,
): string {
  const { namespace, name, subresource } = target;
  requireNamespace(resource, namespace);
  const tail = subresource === undefined ? "" : `/${pathSegment("subresource", subresource)}`;
  return `${collectionPath(resource, namespace, {})}/${pathSegment("name", name)}${tail}${queryText(query)}`;
}

/** @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT when a namespaced kind is addressed without a namespace. */
export function requireNamespace(resource: ResourceDefinition, namespace: string | undefined): void {
  if (resource.namespaced && (namespace === undefined || namespace === "")) {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
      what: resource.plural,
      problem: "one object of a namespaced kind needs a namespace",
    });
  }
}

function pathSegment(what: string, value: string): string {
  if (value === "" || value === "." || value === "..") {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
      what,
      problem: `"${value}" cannot be part of a path`,
    });
  }
  return encodeURIComponent(value);
}

function queryText(query: QueryValues): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.append(key, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
