import type { StatusCause } from "../refusals/api-refusal.ts";
import { invalid } from "../refusals/refusals.ts";
import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";
import type { DefinitionVersion } from "./definition/definition-spec.ts";
import type { RuleCompiler } from "./rules/rule-compiler.ts";
import { SchemaRules } from "./rules/schema-rules.ts";
import { findScaleValueProblems } from "./scale-subresource.ts";
import { fieldOrNil, invalidField } from "./schema/field-problem.ts";
import { findDuplicates } from "./schema/find-duplicates.ts";
import { findEmbeddedProblems } from "./schema/find-embedded-problems.ts";
import { findValueProblems } from "./schema/find-value-problems.ts";
import { propertyOf, type JsonSchema } from "./schema/json-schema.ts";
import { OldValue } from "./schema/old-value.ts";

/** The kind whose objects are checked. */
export type CustomResourceName = Pick<SimResource, "group" | "version" | "kind">;

/** Finds everything that is wrong with an object. */
export interface ObjectChecks {
  findProblems(
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: { readonly warn: (text: string) => void },
  ): readonly StatusCause[];
}

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

/** Validates the objects of one version of a custom resource. */
export class CustomObjectChecks implements ObjectChecks {
  readonly #version: DefinitionVersion;
  readonly #schema: JsonSchema;
  readonly #compiler: RuleCompiler;
  readonly #apiVersion: string;
  readonly #kind: string;
  readonly #group: string;
  #schemaRules: SchemaRules | undefined;

  constructor(resource: CustomResourceName, version: DefinitionVersion, schema: JsonSchema, compiler: RuleCompiler) {
    this.#version = version;
    this.#schema = schema;
    this.#compiler = compiler;
    this.#apiVersion = apiVersionOf(resource);
    this.#kind = resource.kind;
    this.#group = resource.group;
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
