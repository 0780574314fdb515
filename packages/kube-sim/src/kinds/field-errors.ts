import type { StatusCause } from "../refusals/api-refusal.ts";

/** Collects what is wrong with an object, in the words of the API. */
export class FieldErrors {
  readonly causes: StatusCause[] = [];

  required(field: string, detail = ""): void {
    this.#add("FieldValueRequired", "Required value", field, detail);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add("FieldValueInvalid", `Invalid value: ${shown(value)}`, field, detail);
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const list = supported.map((choice) => JSON.stringify(choice)).join(", ");
    this.#add("FieldValueNotSupported", `Unsupported value: ${shown(value)}: supported values: ${list}`, field, "");
  }

  forbidden(field: string, detail: string): void {
    this.#add("FieldValueForbidden", "Forbidden", field, detail);
  }

  duplicate(field: string, value: unknown): void {
    this.#add("FieldValueDuplicate", `Duplicate value: ${shown(value)}`, field, "");
  }

  notFound(field: string, value: unknown): void {
    this.#add("FieldValueNotFound", `Not found: ${shown(value)}`, field, "");
  }

  tooLong(field: string, bytes: number): void {
    this.#add("FieldValueTooLong", `Too long: may not be more than ${bytes} bytes`, field, "");
  }

  tooMany(field: string, count: number, most: number): void {
    this.#add("FieldValueTooMany", `Too many: ${count}: must have at most ${most} items`, field, "");
  }

  /** An error about a value that must not change. */
  immutable(field: string, next: unknown, current: unknown): void {
    if (JSON.stringify(next ?? null) !== JSON.stringify(current ?? null))
      this.invalid(field, next ?? null, "field is immutable");
  }

  /** @returns true when the value is one of the choices; an empty one is missing. */
  oneOf(field: string, value: unknown, choices: readonly string[]): boolean {
    if (typeof value === "string" && choices.includes(value)) return true;
    if (value === undefined || value === null || value === "") this.required(field);
    else this.notSupported(field, value, choices);
    return false;
  }

  nonNegative(field: string, value: unknown): void {
    if (typeof value === "number" && value < 0) this.invalid(field, value, "must be greater than or equal to 0");
  }

  #add(reason: string, head: string, field: string, detail: string): void {
    this.causes.push({ reason, message: detail === "" ? head : `${head}: ${detail}`, field });
  }
}

function shown(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
