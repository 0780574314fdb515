import type { JsonRecord } from "../resources/kube-object.ts";
import type { FieldErrors } from "./field-errors.ts";
import { recordAt, recordsAt, stringsAt, textAt } from "./json-access.ts";
import { labelValueProblem, qualifiedNameProblems } from "./name-formats.ts";

/** Everything wrong with a label selector in an object. */
export function findSelectorProblems(errors: FieldErrors, selector: JsonRecord | undefined, path: string): void {
  if (selector === undefined) return;
  for (const [key, value] of Object.entries(recordAt(selector, "matchLabels") ?? {})) {
    for (const why of qualifiedNameProblems(key)) errors.invalid(`${path}.matchLabels`, key, why);
    const why = labelValueProblem(String(value));
    if (why !== undefined) errors.invalid(`${path}.matchLabels`, value, why);
  }
  recordsAt(selector, "matchExpressions").forEach((expression, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const operator = textAt(expression, "operator");
    const values = stringsAt(expression, "values");
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0) errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      if (values.length > 0) errors.forbidden(`${at}.values`, why);
    } else errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    const key = textAt(expression, "key");
    for (const why of qualifiedNameProblems(key)) errors.invalid(`${at}.key`, key, why);
    values.forEach((value, valueIndex) => {
      const why = labelValueProblem(value);
      if (why !== undefined) errors.invalid(`${at}.values[${valueIndex}]`, value, why);
    });
  });
}

/** True when the labels satisfy a selector in an object; an absent selector matches nothing, an empty one everything. */
export function matchesSelector(selector: JsonRecord | undefined, labels: Readonly<Record<string, unknown>>): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(recordAt(selector, "matchLabels") ?? {})) {
    if (labels[key] !== value) return false;
  }
  for (const expression of recordsAt(selector, "matchExpressions")) {
    const label = labels[textAt(expression, "key")];
    const value = typeof label === "string" ? label : undefined;
    const values = stringsAt(expression, "values");
    const operator = textAt(expression, "operator");
    if (operator === "In" && (value === undefined || !values.includes(value))) return false;
    if (operator === "NotIn" && value !== undefined && values.includes(value)) return false;
    if (operator === "Exists" && value === undefined) return false;
    if (operator === "DoesNotExist" && value !== undefined) return false;
  }
  return true;
}

/** False when no labels can be matched against it, because an operator or its values make no sense. */
export function isReadableSelector(selector: JsonRecord): boolean {
  return recordsAt(selector, "matchExpressions").every((expression) => {
    const operator = textAt(expression, "operator");
    const count = stringsAt(expression, "values").length;
    if (operator === "In" || operator === "NotIn") return count > 0;
    return (operator === "Exists" || operator === "DoesNotExist") && count === 0;
  });
}
