import type { StatusCause } from "../../refusals/api-refusal.ts";

/** A violated rule on its way into a `Status`: every one names its field, `<nil>` when it concerns no field. */
export type FieldProblem = StatusCause & { readonly field: string };

/** The value of a problem that shows none. */
export const omittedValue: unique symbol = Symbol("omitted value");

export function requiredField(field: string, detail = ""): FieldProblem {
  return { reason: "FieldValueRequired", message: withDetail("Required value", detail), field };
}

export function invalidField(field: string, value: unknown, detail: string): FieldProblem {
  const shown = value === omittedValue ? "Invalid value" : `Invalid value: ${showValue(value)}`;
  return { reason: "FieldValueInvalid", message: withDetail(shown, detail), field };
}

export function wrongType(field: string, value: unknown, detail: string): FieldProblem {
  return { reason: "FieldValueTypeInvalid", message: withDetail(`Invalid value: ${showValue(value)}`, detail), field };
}

export function forbiddenField(field: string, detail: string): FieldProblem {
  return { reason: "FieldValueForbidden", message: withDetail("Forbidden", detail), field };
}

export function duplicateField(field: string, value: unknown): FieldProblem {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${showValue(value)}`, field };
}

export function tooLong(field: string, maxBytes: number): FieldProblem {
  return { reason: "FieldValueTooLong", message: `Too long: may not be more than ${maxBytes} bytes`, field };
}

export function tooMany(field: string, count: number, max: number): FieldProblem {
  const message = `Too many: ${count}: must have at most ${max} ${max === 1 ? "item" : "items"}`;
  return { reason: "FieldValueTooMany", message, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldProblem {
  const list = supported.map((text) => JSON.stringify(text)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${showValue(value)}${list === "" ? "" : `: supported values: ${list}`}`,
    field,
  };
}

/** `parent.child`, or `child` at the top. */
export function childPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** `parent[key]`. */
export function keyPath(parent: string, key: string | number): string {
  return `${parent}[${key}]`;
}

/** JSON as Go writes it: `<`, `>` and `&` are escaped, and so are the two line separators of Unicode. */
function goJson(value: unknown): string {
  return (JSON.stringify(value) ?? "null").replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** The field `""` stands for no field at all. */
export function fieldOrNil(path: string): string {
  return path === "" ? "<nil>" : path;
}

function showValue(value: unknown): string {
  if (value === undefined) return "null";
  // Text is quoted without the escapes for HTML, everything else is JSON.
  return typeof value === "string" ? JSON.stringify(value) : goJson(value);
}

function withDetail(head: string, detail: string): string {
  return detail === "" ? head : `${head}: ${detail}`;
}
