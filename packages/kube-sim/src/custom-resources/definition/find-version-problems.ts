import { followFieldPath } from "../rules/field-path.ts";
import {
  duplicateField,
  invalidField,
  keyPath,
  requiredField,
  tooMany,
  type FieldProblem,
} from "../schema/field-problem.ts";
import type { ColumnDefinition, DefinitionVersion, ScalePaths } from "./definition-spec.ts";

const COLUMN_TYPES: readonly string[] = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: readonly string[] = [
  "binary",
  "byte",
  "date",
  "date-time",
  "double",
  "float",
  "int32",
  "int64",
  "password",
];
const MAX_SELECTABLE_FIELDS = 8;

/** Paths of the scale sub-resource that lead to the wrong place. */
export function findScaleProblems(scale: ScalePaths | undefined, path: string): FieldProblem[] {
  if (scale === undefined) return [];
  const problems: FieldProblem[] = [];
  const check = (name: "specReplicasPath" | "statusReplicasPath", prefix: string): void => {
    const field = `${path}.scale.${name}`;
    const value = scale[name];
    if (value === "") problems.push(requiredField(field));
    else if (!value.startsWith(".")) problems.push(notSimple(field, value));
    else if (!value.startsWith(`${prefix}.`))
      problems.push(invalidField(field, value, `should be a json path under ${prefix}`));
  };
  check("specReplicasPath", ".spec");
  check("statusReplicasPath", ".status");
  const { labelSelectorPath } = scale;
  const field = `${path}.scale.labelSelectorPath`;
  if (labelSelectorPath === "") return problems;
  if (!labelSelectorPath.startsWith(".")) problems.push(notSimple(field, labelSelectorPath));
  else if (!/^\.(spec|status)\./.test(labelSelectorPath)) {
    problems.push(invalidField(field, labelSelectorPath, "should be a json path under either .spec or .status"));
  }
  return problems;
}

/** Columns without a name, a known type or a path. */
export function findColumnProblems(columns: readonly ColumnDefinition[], path: string): FieldProblem[] {
  return columns.flatMap((column, index) => {
    const at = keyPath(path, index);
    const problems: FieldProblem[] = [];
    const types = `must be one of ${COLUMN_TYPES.join(",")}`;
    if (column.name === "") problems.push(requiredField(`${at}.name`));
    if (column.type === "") problems.push(requiredField(`${at}.type`, types));
    else if (!COLUMN_TYPES.includes(column.type)) problems.push(invalidField(`${at}.type`, column.type, types));
    if (column.format !== "" && !COLUMN_FORMATS.includes(column.format)) {
      problems.push(invalidField(`${at}.format`, column.format, `must be one of ${COLUMN_FORMATS.join(",")}`));
    }
    if (column.jsonPath === "") problems.push(requiredField(`${at}.JSONPath`));
    else if (!column.jsonPath.startsWith(".")) problems.push(notSimple(`${at}.JSONPath`, column.jsonPath));
    return problems;
  });
}

/** Selectable fields that are no fields, not scalar, or there twice. */
export function findSelectableProblems({ selectableFields, schema }: DefinitionVersion, path: string): FieldProblem[] {
  if (selectableFields.length === 0 || schema === undefined) return [];
  const problems: FieldProblem[] = [];
  const seen = new Set<string>();
  selectableFields.forEach((jsonPath, index) => {
    const field = `${keyPath(path, index)}.jsonPath`;
    if (jsonPath === "") {
      problems.push(requiredField(field));
      return;
    }
    const found = followFieldPath(jsonPath, schema, { allowsKeys: false });
    if (typeof found === "string") {
      problems.push(invalidField(field, jsonPath, `is an invalid path: ${found}`));
      return;
    }
    if (found.path.split(".")[0] === "metadata") {
      problems.push(invalidField(field, jsonPath, "must not point to fields in metadata"));
    }
    if (!["string", "boolean", "integer"].includes(found.schema.type ?? "")) {
      const text =
        "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
      problems.push(invalidField(field, jsonPath, text));
    }
    if (seen.has(found.path)) problems.push(duplicateField(field, jsonPath));
    seen.add(found.path);
  });
  if (seen.size > MAX_SELECTABLE_FIELDS) problems.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  return problems;
}

function notSimple(field: string, value: string): FieldProblem {
  return invalidField(field, value, "must be a simple json path starting with .");
}
