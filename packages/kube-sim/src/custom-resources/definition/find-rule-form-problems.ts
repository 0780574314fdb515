import { followFieldPath } from "../rules/field-path.ts";
import {
  childPath,
  invalidField,
  keyPath,
  notSupported,
  requiredField,
  type FieldProblem,
} from "../schema/field-problem.ts";
import type { JsonSchema, ValidationRule } from "../schema/json-schema.ts";

const REASONS: readonly string[] = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
];

/** What is wrong with the rules of a node besides their expressions. */
export function findRuleFormProblems(schema: JsonSchema, path: string): FieldProblem[] {
  return (schema["x-kubernetes-validations"] ?? []).flatMap((rule, index) =>
    ruleProblems(rule, schema, keyPath(childPath(path, "x-kubernetes-validations"), index)),
  );
}

function ruleProblems(rule: ValidationRule, schema: JsonSchema, path: string): FieldProblem[] {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const problems: FieldProblem[] = [];
  const text = (rule.rule ?? "").trim();
  if (text === "") {
    problems.push(requiredField(`${path}.rule`, "rule is not specified"));
  } else if (message !== "" && message.trim() === "") {
    problems.push(invalidField(`${path}.message`, message, "must be non-empty if specified"));
  } else if (hasLineBreak(message.trim())) {
    problems.push(invalidField(`${path}.message`, message, "must not contain line breaks"));
  } else if (hasLineBreak(text) && message.trim() === "") {
    problems.push(requiredField(`${path}.message`, "message must be specified if rule contains line breaks"));
  }
  if (messageExpression !== "" && messageExpression.trim() === "") {
    problems.push(requiredField(`${path}.messageExpression`, "messageExpression must be non-empty if specified"));
  }
  if (reason !== undefined && !REASONS.includes(reason)) problems.push(notSupported(`${path}.reason`, reason, REASONS));
  if (fieldPath === "") return problems;
  const field = `${path}.fieldPath`;
  if (fieldPath.trim() === "") problems.push(invalidField(field, fieldPath, "must be non-empty if specified"));
  if (hasLineBreak(fieldPath)) problems.push(invalidField(field, fieldPath, "must not contain line breaks"));
  if (typeof followFieldPath(fieldPath, schema) === "string") {
    problems.push(invalidField(field, fieldPath, "must be a valid path"));
  }
  return problems;
}

function hasLineBreak(text: string): boolean {
  return /[\n\r]/.test(text);
}
