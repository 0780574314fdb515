import type { StatusCause } from "../refusals/api-refusal.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { KindRules } from "../resources/kind-rules.ts";
import type { RuleCompiler } from "./rules/rule-compiler.ts";
import { readDefinitionSpec, readNames, recordAt, recordsAt, textAt } from "./definition/definition-spec.ts";
import { initialStatus, withCondition } from "./definition/definition-status.ts";
import { findDefinitionProblems } from "./definition/find-definition-problems.ts";
import { findNameProblems } from "./definition/find-name-problems.ts";
import { junctorsOf } from "./definition/find-structural-problems.ts";
import { valueSchemaOf, type JsonSchema } from "./schema/json-schema.ts";
import { isKnownFormat } from "./schema/string-formats.ts";

/** The logic of CustomResourceDefinitions themselves. */
export class DefinitionRules implements KindRules {
  readonly #compiler: RuleCompiler;

  constructor(compiler: RuleCompiler) {
    this.#compiler = compiler;
  }

  /** Fills in names, conversion and stored versions. */
  default(object: KubeObject): void {
    if (!isJsonRecord(object.spec)) return;
    const names = recordAt(object.spec, "names");
    const kind = textAt(names, "kind");
    if (textAt(names, "singular") === "") names["singular"] = kind.toLowerCase();
    if (textAt(names, "listKind") === "" && kind !== "") names["listKind"] = `${kind}List`;
    object.spec["names"] = names;
    object.spec["conversion"] ??= { strategy: "None" };
    const client = recordAt(recordAt(recordAt(object.spec, "conversion"), "webhook"), "clientConfig");
    if (isJsonRecord(client["service"])) client["service"]["port"] ??= 443;
    noteStorageVersion(object, "when empty");
  }

  prepareForCreate(object: KubeObject): void {
    object.status = initialStatus(object);
  }

  prepareForUpdate(next: KubeObject, _current: KubeObject, subresource: string): void {
    if (subresource === "") noteStorageVersion(next, "always");
  }

  /** A definition says that its objects are about to go. */
  prepareForDelete(object: KubeObject, now: string): void {
    const marked = withCondition(
      object,
      {
        type: "Terminating",
        status: "True",
        reason: "InstanceDeletionPending",
        message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      },
      now,
    );
    object.status = marked.status;
  }

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

function noteStorageVersion(object: KubeObject, when: "always" | "when empty"): void {
  const storage = recordsAt(recordAt(object, "spec"), "versions").find((version) => version["storage"] === true);
  const status: JsonRecord = recordAt(object, "status");
  const known: readonly unknown[] = Array.isArray(status["storedVersions"]) ? status["storedVersions"] : [];
  const name = storage === undefined ? "" : textAt(storage, "name");
  if (name === "" || known.includes(name) || (when === "when empty" && known.length > 0)) return;
  object.status = { ...status, storedVersions: [...known, name] };
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
