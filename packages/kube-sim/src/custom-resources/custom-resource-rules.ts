import { loadStructure } from "@kinglet/kube-schema/structure";
import type { StatusCause } from "../refusals/api-refusal.ts";
import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { KindRules } from "../resources/kind-rules.ts";
import { badRequest, invalid } from "../refusals/refusals.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";
import type { RuleCompiler } from "./rules/rule-compiler.ts";
import { SchemaRules } from "./rules/schema-rules.ts";
import type { DefinitionVersion } from "./definition/definition-spec.ts";
import { findScaleValueProblems } from "./scale-subresource.ts";
import { applySchemaDefaults } from "./schema/apply-schema-defaults.ts";
import { fieldOrNil, invalidField } from "./schema/field-problem.ts";
import { findDuplicates } from "./schema/find-duplicates.ts";
import { findEmbeddedProblems, findUnreadableIdentity } from "./schema/find-embedded-problems.ts";
import { findValueProblems } from "./schema/find-value-problems.ts";
import { propertyOf, type JsonSchema } from "./schema/json-schema.ts";
import { OldValue } from "./schema/old-value.ts";
import { pruneNulls, pruneObject } from "./schema/prune-object.ts";
import { jsonDepth, MAX_OBJECT_DEPTH } from "./schema/schema-depth.ts";

/** Problems of these kinds keep the rules from being run: they would speak of a value that is not what they expect. */
const BLOCKING: Readonly<Record<string, true>> = {
  FieldValueNotSupported: true,
  FieldValueRequired: true,
  FieldValueTooLong: true,
  FieldValueTooMany: true,
  FieldValueTypeInvalid: true,
};

const NOT_CHECKED =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

const TEXT_FINALIZERS: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

/** The logic of one version of a custom resource, from its schema. */
export class CustomResourceRules implements KindRules {
  readonly #version: DefinitionVersion;
  readonly #schema: JsonSchema;
  readonly #compiler: RuleCompiler;
  readonly #apiVersion: string;
  readonly #kind: string;
  readonly #group: string;
  #schemaRules: SchemaRules | undefined;

  constructor(
    resource: Pick<SimResource, "group" | "version" | "kind">,
    version: DefinitionVersion,
    compiler: RuleCompiler,
  ) {
    this.#version = version;
    this.#schema = version.schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    this.#compiler = compiler;
    this.#apiVersion = apiVersionOf(resource);
    this.#kind = resource.kind;
    this.#group = resource.group;
  }

  /** Nulls, defaults, then pruning, in place. @throws ApiRefusal 400 when an embedded resource has no readable kind */
  default(object: KubeObject): void {
    if (jsonDepth(object, MAX_OBJECT_DEPTH) > MAX_OBJECT_DEPTH) {
      throw badRequest(`the object nests deeper than ${MAX_OBJECT_DEPTH} levels`);
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
    const known = metadataFields();
    if (known === undefined) return;
    for (const name of Object.keys(object.metadata)) if (!known.has(name)) delete object.metadata[name];
  }

  /** Paths of what pruning would remove, and of what no metadata have: `metadata.foo`, `spec.unknown`. */
  findUnknownFields(object: unknown): string[] {
    if (!isJsonRecord(object) || jsonDepth(object, MAX_OBJECT_DEPTH) > MAX_OBJECT_DEPTH) return [];
    const { metadata } = object;
    const known = metadataFields();
    const names =
      isJsonRecord(metadata) && known !== undefined ? Object.keys(metadata).filter((name) => !known.has(name)) : [];
    return [...names.map((name) => `metadata.${name}`), ...pruneObject(structuredClone(object), this.#schema)];
  }

  findProblems(
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: { readonly warn: (text: string) => void },
  ): readonly StatusCause[] {
    if (object.kind !== this.#kind) {
      const problem = invalidField("kind", object.kind, `must be ${this.#kind}`);
      throw invalid({ group: this.#group, kind: object.kind }, object.metadata.name, [problem]);
    }
    const served = { ...object, apiVersion: this.#apiVersion };
    const old = current === undefined ? undefined : { ...current, apiVersion: this.#apiVersion };
    if (subresource === "") this.#warnOfFinalizers(object, current, context.warn);
    const problems = subresource === "status" ? this.#statusProblems(served, old) : this.#objectProblems(served, old);
    if (old === undefined || findDuplicates("", this.#schema, old).length === 0) {
      problems.push(...findDuplicates("", this.#schema, served));
    }
    const rules = (this.#schemaRules ??= new SchemaRules(this.#schema, this.#compiler, true));
    if (rules.isEmpty) return problems;
    const isNameless = object.metadata.name === "";
    if (isNameless || problems.some((problem) => BLOCKING[problem.reason] === true)) {
      problems.push(invalidField(fieldOrNil(""), null, NOT_CHECKED));
    } else {
      problems.push(...rules.findProblems({ object: served, old, warn: context.warn }));
    }
    return problems;
  }

  /** Everything but metadata; status is a part of it where it has no endpoint of its own. */
  specificationOf(object: KubeObject): unknown {
    const { metadata: _metadata, status, apiVersion: _apiVersion, ...rest } = object;
    return this.#version.hasStatus ? rest : { ...rest, status };
  }

  #objectProblems(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
    const { scale } = this.#version;
    const schema = this.#schema;
    return [
      ...findValueProblems(object, schema, {
        path: "",
        patternOf: (source) => this.#compiler.patternOf(source),
        old: old === undefined ? undefined : new OldValue(object, old, schema),
      }),
      ...(scale === undefined ? [] : findScaleValueProblems(object, scale, "all")),
      ...findEmbeddedProblems(object, schema),
    ];
  }

  #statusProblems(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
    const { scale } = this.#version;
    const schema = propertyOf(this.#schema, "status");
    const problems: StatusCause[] = [];
    if (object.status !== undefined && schema !== undefined) {
      const before =
        isJsonRecord(old) && old.status !== undefined ? new OldValue(object.status, old.status, schema) : undefined;
      const patternOf = (source: string): ReturnType<RuleCompiler["patternOf"]> => this.#compiler.patternOf(source);
      problems.push(...findValueProblems(object.status, schema, { path: "status", patternOf, old: before }));
    }
    if (scale !== undefined) problems.push(...findScaleValueProblems(object, scale, "status"));
    return problems;
  }

  #warnOfFinalizers(object: KubeObject, current: KubeObject | undefined, warn: (text: string) => void): void {
    const known = current?.metadata.finalizers ?? [];
    const added = (object.metadata.finalizers ?? []).filter((finalizer) => !known.includes(finalizer));
    for (const finalizer of [...new Set(added)].sort()) {
      if (finalizer.includes("/") || TEXT_FINALIZERS.has(finalizer)) continue;
      const path = finalizer.includes(".") ? "including a path (/) " : "";
      warn(
        `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name ${path}to avoid accidental ` +
          "conflicts with other finalizer writers",
      );
    }
  }
}

/** What metadata may hold, of any kind. */
function metadataFields(): ReadonlyMap<string, unknown> | undefined {
  return loadStructure().typeOf("v1", "ConfigMap")?.fields?.get("metadata")?.type.fields;
}
