import type { StatusCause } from "../refusals/api-refusal.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { CustomObjectChecks, type CustomResourceName, type ObjectChecks } from "./custom-object-checks.ts";
import { readDefinitionSpec, readNames, recordAt, type DefinitionVersion } from "./definition/definition-spec.ts";
import { findDefinitionProblems } from "./definition/find-definition-problems.ts";
import { findNameProblems } from "./definition/find-name-problems.ts";
import { junctorsOf } from "./definition/find-structural-problems.ts";
import { RuleCompiler } from "./rules/rule-compiler.ts";
import { valueSchemaOf, type JsonSchema } from "./schema/json-schema.ts";
import { isKnownFormat } from "./schema/string-formats.ts";

/** Gives the checks of this simulator; loads them the first time. */
export type LoadCustomChecks = () => Promise<CustomChecks>;

/** Validation of definitions and of the objects of their kinds; what is compiled for one is there for all. */
export class CustomChecks implements ObjectChecks {
  readonly #compiler: RuleCompiler = new RuleCompiler();

  /** Checks for the objects of one version of a definition. */
  ofObjects(resource: CustomResourceName, version: DefinitionVersion, schema: JsonSchema): ObjectChecks {
    return new CustomObjectChecks(resource, version, schema, this.#compiler);
  }

  /** What is wrong with a definition. */
  findProblems(
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: { readonly warn: (text: string) => void },
  ): readonly StatusCause[] {
    if (subresource === "status") {
      return findNameProblems(readNames(recordAt(object.status, "acceptedNames")), "status.acceptedNames");
    }
    const problems = findDefinitionProblems(object, current, this.#compiler);
    if (problems.length > 0) return problems;
    const known = new Set(current === undefined ? [] : unknownFormats(current));
    for (const format of unknownFormats(object)) {
      if (!known.has(format)) context.warn(`unrecognized format ${JSON.stringify(format)}`);
    }
    return problems;
  }
}

/** Formats of the schemas that nothing checks, in the order of the schemas; once per schema where all versions share it. */
function unknownFormats(definition: KubeObject): string[] {
  const schemas = readDefinitionSpec(definition).versions.flatMap(({ schema }) =>
    schema === undefined ? [] : [schema],
  );
  const texts = new Set(schemas.map((schema) => JSON.stringify(schema)));
  return (texts.size === 1 ? schemas.slice(0, 1) : schemas).flatMap((schema) => formatsBelow(schema));
}

function formatsBelow(schema: JsonSchema): string[] {
  const { format = "", type } = schema;
  const own = format === "" || isKnownFormat(type, format) ? [] : [format];
  const values = valueSchemaOf(schema);
  const children = [
    ...(schema.items === undefined ? [] : [schema.items]),
    ...junctorsOf(schema).map(([, part]) => part),
    ...Object.values(schema.properties ?? {}),
    ...(values === undefined ? [] : [values]),
  ];
  return [...own, ...children.flatMap(formatsBelow)];
}
