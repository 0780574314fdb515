import type { KubeObject } from "./kube-object.ts";
import { refusal } from "./refusals.ts";
import { apiVersionOf, type SimResource } from "./sim-resource.ts";

/** How objects are written: whole, or only their metadata. */
export type Representation = "whole" | "metadata";

/**
 * Chooses the representation from an Accept header, first acceptable entry first.
 *
 * Protobuf and Table are not offered: a client that lists JSON after them gets JSON.
 *
 * @throws ApiRefusal 406 when nothing fits.
 */
export function chooseRepresentation(accept: string | undefined): Representation {
  if (accept === undefined || accept.trim() === "") return "whole";
  let isUnknownForm = false;
  for (const entry of accept.split(",")) {
    const [type = "", ...parameters] = entry.split(";").map((part) => part.trim());
    if (type !== "application/json" && type !== "*/*" && type !== "application/*") continue;
    const form = parameters.find((parameter) => parameter.startsWith("as="))?.slice(3);
    if (form === undefined || form === "") return "whole";
    if (form === "PartialObjectMetadata" || form === "PartialObjectMetadataList") return "metadata";
    isUnknownForm = true;
  }
  throw isUnknownForm
    ? refusal(406, "NotAcceptable", "only the following media types are accepted: application/json")
    : refusal(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: application/json", {
        details: {},
      });
}

/** The object as one version of its resource shows it. */
export function presentObject(object: KubeObject, resource: SimResource, representation: Representation): KubeObject {
  if (representation === "metadata") {
    return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
  }
  const apiVersion = apiVersionOf(resource);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** The object as an element of a list: built-in kinds leave out their kind and version there. */
export function presentListItem(object: KubeObject, resource: SimResource, representation: Representation): unknown {
  if (representation === "metadata" || resource.isCustom === true)
    return presentObject(object, resource, representation);
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

/** Kind and version of a list. */
export function listIdentity(
  resource: SimResource,
  representation: Representation,
): { readonly kind: string; readonly apiVersion: string } {
  return representation === "metadata"
    ? { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" }
    : { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource) };
}
