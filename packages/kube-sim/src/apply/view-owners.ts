import type { StructuralType } from "@kinglet/kube-schema/structure";
import { type JsonRecord, type KubeObject, readPath } from "../resources/kube-object.ts";
import { apiVersionOf, type SimResource, type SubresourceView } from "../resources/sim-resource.ts";
import { FieldSet } from "./field-set.ts";
import { encodeManagedFields, type ManagedEntry, type ManagedFields, tryParseManagedFields } from "./managed-fields.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { structureOf } from "../decoding/resource-structure.ts";
import { compareStructural } from "./structural-compare.ts";

const SCALE_VERSION = "autoscaling/v1";
const REPLICAS_OF_SCALE: readonly PathElement[] = [fieldElement("spec"), fieldElement("replicas")];

/**
 * Owners of `…/scale`, which has one field of its own: the number of replicas. Who owns that field of the object owns it in the
 * view, and the other way round.
 */
export class ViewOwners {
  readonly #resource: SimResource;
  readonly #parent: ManagedFields;
  readonly #path: readonly PathElement[] | undefined;

  constructor(resource: SimResource, view: SubresourceView, parent: KubeObject) {
    this.#resource = resource;
    this.#parent = tryParseManagedFields(parent.metadata["managedFields"]) ?? new Map();
    this.#path = replicasPath(structureOf(resource), view, parent);
  }

  /** `metadata.managedFields` of the view. */
  ofView(): JsonRecord[] | undefined {
    const owners: ManagedFields = new Map();
    for (const [key, entry] of this.#parent) {
      if (this.#path === undefined || !entry.fields.has(this.#path)) continue;
      owners.set(key, { ...entry, apiVersion: SCALE_VERSION, fields: setOf(REPLICAS_OF_SCALE) });
    }
    return encodeManagedFields(owners);
  }

  /** `metadata.managedFields` of the object, after a write that left `view` in the view. */
  ofParent(view: unknown): JsonRecord[] | undefined {
    const path = this.#path;
    if (path === undefined) return encodeManagedFields(this.#parent);
    const inView = tryParseManagedFields(view) ?? new Map<string, ManagedEntry>();
    const owners: ManagedFields = new Map();
    for (const [key, entry] of this.#parent) {
      if (!entry.fields.has(path) || inView.has(key)) {
        owners.set(key, entry);
        inView.delete(key);
        continue;
      }
      const fields = entry.fields.difference(setOf(path));
      if (!fields.isEmpty) owners.set(key, { ...entry, fields });
    }
    for (const [key, entry] of inView) {
      if (!entry.fields.has(REPLICAS_OF_SCALE)) continue;
      // The server forgets the time: it looks it up among the owners of the object, under a key that is not there.
      owners.set(key, { ...entry, apiVersion: apiVersionOf(this.#resource), time: undefined, fields: setOf(path) });
    }
    return encodeManagedFields(owners);
  }
}

/** Where the number of replicas is in the object: what changes there when it changes in the view. */
function replicasPath(
  type: StructuralType,
  view: SubresourceView,
  parent: KubeObject,
): readonly PathElement[] | undefined {
  const shown = view.read(parent);
  const replicas = readPath(shown, "spec.replicas");
  if (shown.kind !== "Scale") return undefined;
  const other = { ...shown, spec: { replicas: typeof replicas === "number" ? replicas + 1 : 1 } };
  const { modified, added } = compareStructural(type, parent, view.write(parent, other));
  let found: readonly PathElement[] | undefined;
  added.union(modified).forEach((path) => {
    if (path[0] === fieldElement("spec") && (found === undefined || path.length > found.length)) found = [...path];
  });
  return found;
}

function setOf(path: readonly PathElement[]): FieldSet {
  const set = new FieldSet();
  set.insert(path);
  return set;
}
