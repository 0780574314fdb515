import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, conflict, invalid } from "../refusals/refusals.ts";
import type { SubresourceHandler } from "../resources/served-resource.ts";
import { recordAt } from "./json-access.ts";

/**
 * `…/scale` of a kind that keeps its wish in `spec.replicas` and its number in `status.replicas`.
 *
 * @param resource - names the kind in refusals.
 */
export function scaleSubresource(resource: {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}): SubresourceHandler {
  return {
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: ["get", "patch", "update"],
    view: {
      read: readScale,
      write: (object, view) => {
        const { name, resourceVersion } = object.metadata;
        if (view.kind !== "Scale") throw badRequest(`expected Scale, got ${view.kind}`);
        const version = view.metadata.resourceVersion ?? "";
        if (version !== "" && version !== resourceVersion) {
          throw conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
          );
        }
        const replicas = readPath(view, "spec.replicas") ?? 0;
        if (typeof replicas === "number" && replicas < 0) {
          throw invalid({ group: "autoscaling", kind: "Scale" }, name, [
            {
              reason: "FieldValueInvalid",
              message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
              field: "spec.replicas",
            },
          ]);
        }
        const next = structuredClone(object);
        next.spec = { ...(isJsonRecord(next.spec) ? next.spec : {}), replicas };
        return next;
      },
    },
  };
}

function readScale(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(recordAt(object.spec, "selector") ?? {});
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: scaleSpec(readPath(object, "spec.replicas")),
    status: { replicas: readPath(object, "status.replicas") ?? 0, ...(selector === "" ? {} : { selector }) },
  };
}

/** Zero is left out of a Scale. */
function scaleSpec(replicas: unknown): JsonRecord {
  return replicas === undefined || replicas === 0 ? {} : { replicas };
}

/** A label selector as a query writes it; a plain map is one too. */
function selectorText(selector: JsonRecord): string {
  const isStructured = selector["matchLabels"] !== undefined || selector["matchExpressions"] !== undefined;
  const labels = isStructured ? (recordAt(selector, "matchLabels") ?? {}) : selector;
  const terms = Object.entries(labels).map(([key, value]) => ({ key, text: `${key}=${String(value)}` }));
  const expressions = isStructured && Array.isArray(selector["matchExpressions"]) ? selector["matchExpressions"] : [];
  for (const expression of expressions.filter(isJsonRecord)) {
    const key = String(expression["key"]);
    const values = Array.isArray(expression["values"]) ? expression["values"].map(String).sort().join(",") : "";
    const text =
      expression["operator"] === "In"
        ? `${key} in (${values})`
        : expression["operator"] === "NotIn"
          ? `${key} notin (${values})`
          : expression["operator"] === "Exists"
            ? key
            : `!${key}`;
    terms.push({ key, text });
  }
  return terms
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((term) => term.text)
    .join(",");
}
