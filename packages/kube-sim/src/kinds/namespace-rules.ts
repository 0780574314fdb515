import type { KindRules } from "../resources/kind-rules.ts";
import { forbidden } from "../refusals/refusals.ts";
import { defaultNamespace } from "./core-defaults.ts";
import { fill, specOf, stringsAt } from "./json-access.ts";

const PROTECTED: Readonly<Record<string, true>> = { default: true, "kube-system": true, "kube-public": true };
const NAMESPACE = { group: "", plural: "namespaces", kind: "Namespace" } as const;

/** Namespaces: they wear their name as a label and are held by the finalizer of the API until they are empty. */
export function namespaceRules(): KindRules {
  return {
    default: defaultNamespace,
    admitDelete: (attempt) => {
      if (PROTECTED[attempt.name] === true)
        throw forbidden(NAMESPACE, attempt.name, "this namespace may not be deleted");
    },
    completeStored: (object) => fill(specOf(object), { finalizers: ["kubernetes"] }),
    prepareForCreate: (object) => {
      const { metadata } = object;
      // A generated name is known only here.
      metadata.labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name };
      object.status = { phase: "Active" };
      const spec = specOf(object);
      const finalizers = stringsAt(spec, "finalizers");
      if (!finalizers.includes("kubernetes")) spec["finalizers"] = [...finalizers, "kubernetes"];
    },
    prepareForUpdate: (next, current, subresource) => {
      if (subresource !== "") return;
      const old = specOf(current)["finalizers"];
      if (old === undefined) delete specOf(next)["finalizers"];
      else specOf(next)["finalizers"] = structuredClone(old);
    },
  };
}
