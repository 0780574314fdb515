import type { StructuralType } from "@kinglet/kube-schema/structure";
import type { KubeObject } from "./kube-object.ts";
import type { TableColumn } from "../representation/table-column.ts";

/**
 * One resource that the simulator serves, as data. Built-in kinds are rows of a table of these; a CustomResourceDefinition makes more.
 *
 * @public
 */
export interface SimResource {
  /** API group; `""` for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural as in URLs. */
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Defined by a CustomResourceDefinition: list items carry their kind, strategic merge patches are refused. */
  readonly isCustom?: boolean;
  /** Has `…/status`, and writes to the object itself leave the status alone. */
  readonly hasStatus?: boolean;
  /** Writes to `…/status` change nothing of the metadata. */
  readonly keepsMetadataOnStatus?: boolean;
  /** Specification changes count up `metadata.generation`. */
  readonly hasGeneration?: boolean;
  /** Changed annotations count as a new generation too. */
  readonly countsAnnotations?: boolean;
  /** The status a new object starts with, whatever the client sent. Absent: what the client sent stays. */
  readonly initialStatus?: Readonly<Record<string, unknown>>;
  /** Which names are allowed. Default `subdomain` (RFC 1123). */
  readonly nameRule?: "subdomain" | "label" | "label1035" | "segment";
  /** Field selectors besides `metadata.name` and `metadata.namespace`: dotted path → value when the field is absent. */
  readonly fieldSelectors?: Readonly<Record<string, string>>;
  /** The wording for an unsupported field selector differs between kinds. */
  readonly listsSupportedFields?: boolean;
  /** Fields filled in when absent; `[]` in a path stands for every element. */
  readonly defaults?: readonly DefaultRule[];
  /** DELETE leaves a terminating object until its grace period is set to 0. */
  readonly isDeletedGracefully?: boolean;
  /** A DELETE that removes the object answers with the object instead of a `Status`. */
  readonly returnsDeletedObject?: boolean;
  /** DELETE only marks it; the simulator removes what it contains first and then the object itself. */
  readonly isEmptiedBeforeDeletion?: boolean;
  /** The finalizer such an object carries while it is emptied. */
  readonly deletionFinalizer?: string;
  /** What a DELETE without a policy does to owned objects; `none`: nothing ever follows owners. @defaultValue "background" */
  readonly defaultPropagation?: "background" | "orphan" | "none";
  /** The shape of the objects, root fields included; built-in kinds need none. @internal */
  readonly schema?: StructuralType;
  /** The schema as its definition states it, with texts; custom resources only. @internal */
  readonly statedSchema?: Readonly<Record<string, unknown>>;
  /** Paths of fields that its schema does not describe; custom resources only. @internal */
  readonly findUnknownFields?: (object: unknown) => readonly string[];
  /** Sent with every answer as a `Warning`: this version is on its way out. */
  readonly deprecationWarning?: string;
  /** A PUT without `resourceVersion` is refused. */
  readonly requiresVersionOnUpdate?: boolean;
  /** A PUT of an object that does not exist creates it. */
  readonly createsOnUpdate?: boolean;
  /** Verbs it offers, in the order of discovery. Default: all eight. */
  readonly verbs?: readonly string[];
  /** What lies under an object's name, by its path (`scale`). `status` needs no entry when `hasStatus` is set. @internal */
  readonly subresources?: Readonly<Record<string, SubresourceForm>>;
  /** What a `Table` answer shows; absent: what the real server shows of a built-in kind, or name and age. @internal */
  readonly columns?: readonly TableColumn[];
  /** Stored as another kind or version, which other resources share (`events` of both groups). @internal */
  readonly storage?: StorageForm;
}

/**
 * A field that the server fills in.
 *
 * @public
 */
export interface DefaultRule {
  /** Dotted path; `name[]` stands for every element of the list `name`. */
  readonly path: string;
  /** The value, or what makes it from the object that the field belongs to. */
  readonly value: unknown;
}

/**
 * What lies under an object's name besides the object, as data. Without `view` it is the object itself, of which the writer lets
 * `merge` decide what a write may change; without that only its status.
 */
export interface SubresourceForm {
  /** Of the body, as discovery says; the resource's own when absent. */
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
  /** `get`, `update`, `patch`, `create`, `delete`. */
  readonly verbs: readonly string[];
  /** Makes the object to be stored: a copy of `current` with what this sub-resource may change, from `wanted`. */
  readonly merge?: (current: KubeObject, wanted: KubeObject) => KubeObject;
  readonly view?: SubresourceView;
}

/** Another shape of an object, read and written under the object's name (`…/scale`). */
export interface SubresourceView {
  /** The view as clients see it; carries name, namespace, uid, version and creation time of the object. */
  readonly read: (object: KubeObject) => KubeObject;
  /** A copy of the object with the view's wishes in it; may throw a refusal. */
  readonly write: (object: KubeObject, view: KubeObject) => KubeObject;
}

/** How objects of a resource are stored when that differs from how they are served. */
export interface StorageForm {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** A new object in the stored form. */
  readonly toStored: (object: KubeObject) => KubeObject;
  /** A new object as this resource serves it. */
  readonly fromStored: (object: KubeObject) => KubeObject;
}

/** What the row says of a sub-resource; undefined when it says nothing, whatever the name (`constructor`). */
export function subresourceOf<T extends SubresourceForm = SubresourceForm>(
  resource: { readonly subresources?: Readonly<Record<string, T>> },
  subresource: string,
): T | undefined {
  const { subresources } = resource;
  return subresources !== undefined && Object.hasOwn(subresources, subresource) ? subresources[subresource] : undefined;
}

/** The name of the table that the objects of a resource are in; the versions of a resource share it. */
export function tableName(resource: Pick<SimResource, "group" | "plural" | "storage">): string {
  return qualifiedName(resource.storage ?? resource);
}

/** A stored object as this resource serves it: kind, version and fields. The same object when nothing differs. */
export function servedObject(resource: SimResource, stored: KubeObject): KubeObject {
  if (resource.storage !== undefined) return resource.storage.fromStored(stored);
  const apiVersion = apiVersionOf(resource);
  return stored.apiVersion === apiVersion ? stored : { ...stored, apiVersion };
}

/** `v1` or `apps/v1`. */
export function apiVersionOf(resource: Pick<SimResource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `pods` or `deployments.apps`: the name in error messages and the key of the storage, one for all versions. */
export function qualifiedName(resource: Pick<SimResource, "group" | "plural">): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** The key of an object inside its table; byte order of keys is list order. */
export function objectKey(resource: SimResource, namespace: string, name: string): string {
  return resource.namespaced ? `${namespace}/${name}` : name;
}
