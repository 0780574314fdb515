import { isDeepStrictEqual } from "node:util";
import type { StatusCause } from "../../refusals/api-refusal.ts";
import { readPath, type KubeObject } from "../../resources/kube-object.ts";
import type { RuleCompiler } from "../rules/rule-compiler.ts";
import { celTypeOf } from "../rules/schema-cel-type.ts";
import { findDefaultProblems } from "./find-default-problems.ts";
import {
  readDefinitionSpec,
  readNames,
  recordAt,
  type DefinitionSpec,
  type DefinitionVersion,
} from "./definition-spec.ts";
import { findNameProblems } from "./find-name-problems.ts";
import { labelProblem } from "../schema/label-problem.ts";
import { findSchemaProblems } from "./find-schema-problems.ts";
import { findStructuralProblems } from "./find-structural-problems.ts";
import { findColumnProblems, findScaleProblems, findSelectableProblems } from "./find-version-problems.ts";
import { RuleCosts } from "./rule-costs.ts";
import { forbiddenField, invalidField, notSupported, requiredField } from "../schema/field-problem.ts";
import { schemaDepth, MAX_SCHEMA_DEPTH } from "../schema/schema-depth.ts";
import { conditionStatus } from "./definition-status.ts";

const ROOT_FIELDS_WITH_STATUS: ReadonlySet<string> = new Set([
  "description",
  "type",
  "format",
  "title",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "multipleOf",
  "required",
  "items",
  "properties",
  "externalDocs",
  "example",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
]);

/**
 * Everything that is wrong with a definition, in the words and places of the API.
 *
 * What all versions share is reported once, at the place where it stood before versions had it each.
 */
export function findDefinitionProblems(
  definition: KubeObject,
  current: KubeObject | undefined,
  compiler: RuleCompiler,
): StatusCause[] {
  const spec = readDefinitionSpec(definition);
  const problems: StatusCause[] = [];
  const name = `${spec.names.plural}.${spec.group}`;
  if (current === undefined && definition.metadata.name !== name) {
    const text = 'must be spec.names.plural+"."+spec.group';
    problems.push(invalidField("metadata.name", definition.metadata.name, text));
  }
  problems.push(...specProblems(definition, spec, current, compiler));
  if (current !== undefined) problems.push(...changeProblems(spec, current));
  problems.push(...findNameProblems(readNames(recordAt(definition.status, "acceptedNames")), "status.acceptedNames"));
  problems.push(...storedVersionProblems(definition, spec), ...approvalProblems(definition, spec.group, current));
  if (readPath(definition, "spec.preserveUnknownFields") === true) {
    const text =
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
    problems.push(invalidField("spec.preserveUnknownFields", true, text));
  }
  return problems;
}

function specProblems(
  definition: KubeObject,
  spec: DefinitionSpec,
  current: KubeObject | undefined,
  compiler: RuleCompiler,
): StatusCause[] {
  const problems: StatusCause[] = [];
  if (spec.group === "") problems.push(requiredField("spec.group"));
  else if (!isSubdomain(spec.group))
    problems.push(invalidField("spec.group", spec.group, "a lowercase RFC 1123 subdomain is required"));
  else if (!spec.group.includes("."))
    problems.push(invalidField("spec.group", spec.group, "should be a domain with at least one dot"));
  if (spec.scope === "") problems.push(requiredField("spec.scope"));
  else if (spec.scope !== "Cluster" && spec.scope !== "Namespaced") {
    problems.push(notSupported("spec.scope", spec.scope, ["Cluster", "Namespaced"]));
  }
  spec.versions.forEach((version, index) => {
    if (version.schema === undefined) problems.push(requiredField(`spec.versions[${index}].schema.openAPIV3Schema`));
  });
  const { versions } = spec;
  const shared = sharedParts(versions);
  const before = current === undefined ? [] : readDefinitionSpec(current).versions;
  const schemaCheck = (version: DefinitionVersion, path: string, hasStatus: boolean): StatusCause[] => {
    const old = before.find((candidate) => candidate.name === version.name)?.schema;
    return schemaProblems(version, path, { compiler, hasStatus, isUnchanged: isDeepStrictEqual(old, version.schema) });
  };
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}]`;
    const nameProblem = labelProblem(version.name);
    if (nameProblem !== undefined) problems.push(invalidField(`${path}.name`, version.name, nameProblem));
    problems.push(...deprecationProblems(version, `${path}.deprecationWarning`));
    if (!shared.schema) problems.push(...schemaCheck(version, `${path}.schema`, version.hasStatus));
    if (!shared.subresources) problems.push(...findScaleProblems(version.scale, `${path}.subresources`));
    if (!shared.columns) problems.push(...findColumnProblems(version.columns, `${path}.additionalPrinterColumns`));
    if (!shared.selectable) problems.push(...findSelectableProblems(version, `${path}.selectableFields`));
  });
  if (new Set(versions.map((version) => version.name)).size !== versions.length) {
    problems.push(
      invalidField("spec.versions", readPath(definition, "spec.versions"), "must contain unique version names"),
    );
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    const text = "must have exactly one version marked as storage version";
    problems.push(invalidField("spec.versions", readPath(definition, "spec.versions"), text));
  }
  const [first] = versions;
  if (first !== undefined && labelProblem(first.name) !== undefined) {
    problems.push(invalidField("spec.version", first.name, labelProblem(first.name) ?? ""));
  }
  for (const field of ["plural", "singular", "kind", "listKind"] as const) {
    if (spec.names[field] === "") problems.push(requiredField(`spec.names.${field}`));
  }
  problems.push(...findNameProblems(spec.names, "spec.names"));
  if (first !== undefined) {
    if (shared.schema)
      problems.push(
        ...schemaCheck(
          first,
          "spec.validation",
          versions.some((version) => version.hasStatus),
        ),
      );
    if (shared.subresources) problems.push(...findScaleProblems(first.scale, "spec.subresources"));
    if (shared.columns) problems.push(...findColumnProblems(first.columns, "spec.additionalPrinterColumns"));
    if (shared.selectable) problems.push(...findSelectableProblems(first, "spec.selectableFields"));
  }
  problems.push(...conversionProblems(definition));
  return problems;
}

/** What is the same in all versions. */
function sharedParts(versions: readonly DefinitionVersion[]): {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
  readonly selectable: boolean;
} {
  const isShared = (part: (version: DefinitionVersion) => unknown): boolean =>
    versions.every((version) => isDeepStrictEqual(part(version), part(versions[0] ?? version)));
  return {
    schema: isShared((version) => version.raw["schema"]),
    subresources: isShared((version) => version.raw["subresources"]),
    columns: isShared((version) => version.raw["additionalPrinterColumns"]),
    selectable: isShared((version) => version.raw["selectableFields"]),
  };
}

function schemaProblems(
  { schema }: DefinitionVersion,
  parent: string,
  options: { readonly compiler: RuleCompiler; readonly hasStatus: boolean; readonly isUnchanged: boolean },
): StatusCause[] {
  if (schema === undefined) return [];
  const { compiler } = options;
  const path = `${parent}.openAPIV3Schema`;
  const problems: StatusCause[] = [];
  if (schemaDepth(schema) > MAX_SCHEMA_DEPTH) {
    return [invalidField(path, "", `schema nests deeper than ${MAX_SCHEMA_DEPTH} levels`)];
  }
  if (options.hasStatus) problems.push(...rootProblems(schema, path));
  if (schema.nullable === true)
    problems.push(forbiddenField(`${path}.nullable`, "nullable cannot be true at the root"));
  const structural = findStructuralProblems(path, schema, (source) => compiler.patternProblem(source));
  const defaults = structural.length > 0 ? [] : findDefaultProblems(path, schema, compiler);
  problems.push(...structural, ...defaults);
  const canHaveRules = structural.length === 0 && defaults.length === 0 && celTypeOf(schema, true) !== undefined;
  const rules = canHaveRules ? new RuleCosts(compiler, { isUnchanged: options.isUnchanged }) : undefined;
  problems.push(
    ...findSchemaProblems(schema, {
      path,
      isRoot: true,
      noDefaults: undefined,
      isInMetadata: false,
      uncorrelatable: undefined,
      rules,
    }),
  );
  if (rules !== undefined) problems.push(...rules.totalProblems(path));
  return problems;
}

function rootProblems(schema: Readonly<Record<string, unknown>>, path: string): StatusCause[] {
  if (schema["type"] !== "object") {
    const text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalidField(`${path}.type`, schema["type"] ?? "", text)];
  }
  if (Object.keys(schema).every((name) => ROOT_FIELDS_WITH_STATUS.has(name) || schema[name] === false)) return [];
  return [
    invalidField(
      path,
      schema,
      "only some fields are allowed at the root of the schema if the status subresource is enabled",
    ),
  ];
}

function deprecationProblems({ deprecated, deprecationWarning }: DefinitionVersion, path: string): StatusCause[] {
  if (deprecationWarning === undefined) return [];
  const problem = (text: string): StatusCause => invalidField(path, deprecationWarning, text);
  if (!deprecated) return [problem("can only be set for deprecated versions")];
  const problems: StatusCause[] = [];
  if (Buffer.byteLength(deprecationWarning) > 256) problems.push(problem("must be <= 256 characters long"));
  if (deprecationWarning === "") problems.push(problem("must not be an empty string"));
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(deprecationWarning))
    problems.push(problem("must only contain printable UTF-8 characters"));
  return problems;
}

function conversionProblems(definition: KubeObject): StatusCause[] {
  const conversion = recordAt(definition.spec, "conversion");
  const strategy = conversion["strategy"];
  if (strategy === undefined || strategy === "") {
    return Object.keys(conversion).length === 0 ? [] : [requiredField("spec.conversion.strategy")];
  }
  if (strategy !== "None" && strategy !== "Webhook") {
    return [notSupported("spec.conversion.strategy", strategy, ["None", "Webhook"])];
  }
  const webhook = recordAt(conversion, "webhook");
  const client = webhook["clientConfig"];
  if (strategy === "None") {
    const text = "should not be set when strategy is not set to Webhook";
    return client === undefined ? [] : [forbiddenField("spec.conversion.webhookClientConfig", text)];
  }
  const problems: StatusCause[] = [];
  if (client === undefined) {
    problems.push(requiredField("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook"));
  } else if ((readPath(client, "url") === undefined) === (readPath(client, "service") === undefined)) {
    problems.push(requiredField("spec.conversion.webhookClientConfig", "exactly one of url or service is required"));
  }
  const versions = webhook["conversionReviewVersions"];
  if (!Array.isArray(versions) || versions.length === 0)
    problems.push(requiredField("spec.conversion.conversionReviewVersions"));
  else if (!versions.some((version) => version === "v1" || version === "v1beta1")) {
    problems.push(
      invalidField("spec.conversion.conversionReviewVersions", versions, "must include at least one of v1, v1beta1"),
    );
  }
  return problems;
}

/** What may not change once objects can exist. */
function changeProblems(spec: DefinitionSpec, current: KubeObject): StatusCause[] {
  const old = readDefinitionSpec(current);
  const isEstablished = conditionStatus(current, "Established") === "True";
  const fields: readonly (readonly [string, string, string, boolean])[] = [
    ["spec.scope", spec.scope, old.scope, isEstablished],
    ["spec.names.kind", spec.names.kind, old.names.kind, isEstablished],
    ["spec.group", spec.group, old.group, true],
    ["spec.names.plural", spec.names.plural, old.names.plural, true],
  ];
  return fields
    .filter(([, now, before, isFixed]) => isFixed && now !== before)
    .map(([field, now]) => invalidField(field, now, "field is immutable"));
}

function storedVersionProblems(definition: KubeObject, spec: DefinitionSpec): StatusCause[] {
  const stored = recordAt(definition, "status")["storedVersions"];
  const list: readonly unknown[] = Array.isArray(stored) ? stored : [];
  const path = "status.storedVersions";
  if (list.length === 0) return [invalidField(path, stored ?? null, "must have at least one stored version")];
  const problems: StatusCause[] = [];
  for (const version of spec.versions) {
    if (version.storage && !list.includes(version.name)) {
      problems.push(invalidField(path, list, `must have the storage version ${version.name}`));
    }
  }
  list.forEach((name, index) => {
    if (spec.versions.some((version) => version.name === name)) return;
    const text =
      `missing from spec.versions; ${String(name)} was previously a storage version, and must remain in spec.versions until a ` +
      `storage migration ensures no data remains persisted in ${String(name)} and removes ${String(name)} from status.storedVersions`;
    problems.push(invalidField(`${path}[${index}]`, name, text));
  });
  return problems;
}

/** Groups of the Kubernetes community need a note of their approval. */
function approvalProblems(definition: KubeObject, group: string, current: KubeObject | undefined): StatusCause[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const name = "api-approved.kubernetes.io";
  const value = definition.metadata.annotations?.[name] ?? "";
  if (current !== undefined && (current.metadata.annotations?.[name] ?? "") === value) return [];
  const field = `metadata.annotations[${name}]`;
  if (value === "") {
    const text =
      'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111';
    return [requiredField(field, text)];
  }
  if (value.startsWith("unapproved") || /^https?:\/\/[^/]+/.test(value)) return [];
  return [
    invalidField(
      field,
      value,
      'protected groups must have approval annotation with either a URL or a reason starting with "unapproved"',
    ),
  ];
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}
