import type { StatusCause } from "../refusals/api-refusal.ts";
import { badRequest } from "../refusals/refusals.ts";
import type { KindRules } from "../resources/kind-rules.ts";
import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { CustomResourceName, ObjectChecks } from "./custom-object-checks.ts";
import type { LoadCustomChecks } from "./custom-checks.ts";
import type { DefinitionVersion } from "./definition/definition-spec.ts";
import { applySchemaDefaults } from "./schema/apply-schema-defaults.ts";
import { findUnreadableIdentity } from "./schema/find-embedded-problems.ts";
import type { JsonSchema } from "./schema/json-schema.ts";
import { pruneNulls, pruneObject } from "./schema/prune-object.ts";
import { isTooDeep, MAX_DEPTH } from "../requests/nesting.ts";

/** What metadata may hold, of any kind: in words, because the structure of all kinds, which has them too, is loaded with the first request. */
export const METADATA_FIELDS: ReadonlySet<string> = new Set([
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
]);

/** The logic of one version of a custom resource, from its schema. */
export class CustomResourceRules implements KindRules {
  readonly #version: DefinitionVersion;
  readonly #schema: JsonSchema;
  readonly #resource: CustomResourceName;
  readonly #loadChecks: LoadCustomChecks;
  #checks: ObjectChecks | undefined;

  constructor(resource: CustomResourceName, version: DefinitionVersion, loadChecks: LoadCustomChecks) {
    this.#version = version;
    this.#schema = version.schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    this.#resource = resource;
    this.#loadChecks = loadChecks;
  }

  /** Nulls, defaults, then pruning, in place. @throws ApiRefusal 400 when an embedded resource has no readable kind */
  default(object: KubeObject): void {
    if (isTooDeep(object)) {
      throw badRequest(`the object nests deeper than ${MAX_DEPTH} levels`);
    }
    const unreadable = findUnreadableIdentity(object, this.#schema);
    if (unreadable !== undefined) {
      const { kind } = object;
      const version = JSON.stringify(this.#version.name);
      throw badRequest(`${kind} in version ${version} cannot be handled as a ${kind}: ${unreadable}`);
    }
    pruneNulls(object, this.#schema);
    applySchemaDefaults(object, this.#schema);
    this.prune(object);
  }

  /** Removes what this version does not describe, in place. */
  prune(object: KubeObject): void {
    pruneObject(object, this.#schema);
    for (const name of Object.keys(object.metadata)) if (!METADATA_FIELDS.has(name)) delete object.metadata[name];
  }

  /** Paths of what pruning would remove, and of what no metadata have: `metadata.foo`, `spec.unknown`. */
  findUnknownFields(object: unknown): string[] {
    if (!isJsonRecord(object) || isTooDeep(object)) return [];
    const { metadata } = object;
    const names = isJsonRecord(metadata) ? Object.keys(metadata).filter((name) => !METADATA_FIELDS.has(name)) : [];
    return [...names.map((name) => `metadata.${name}`), ...pruneObject(structuredClone(object), this.#schema)];
  }

  /** Validation, the expressions of rules among it, comes with the first write of a client. */
  async prepare(): Promise<void> {
    this.#checks ??= (await this.#loadChecks()).ofObjects(this.#resource, this.#version, this.#schema);
  }

  findProblems(
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: { readonly warn: (text: string) => void },
  ): readonly StatusCause[] {
    return this.#checks?.findProblems(object, current, subresource, context) ?? [];
  }

  /** Everything but metadata; status is a part of it where it has no endpoint of its own. */
  specificationOf(object: KubeObject): unknown {
    const { metadata: _metadata, status, apiVersion: _apiVersion, ...rest } = object;
    return this.#version.hasStatus ? rest : { ...rest, status };
  }
}
