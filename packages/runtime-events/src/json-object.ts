/** An object of parsed JSON whose members are not known. @internal */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @internal */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member when it is a string, else the empty string. @internal */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

/** The member when it is a number, else `fallback`. @internal */
export function numberOf(object: JsonObject, name: string, fallback: number): number {
  const value = object[name];
  return typeof value === "number" ? value : fallback;
}

/** The member when it is an object. @internal */
export function objectOf(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isObject(value) ? value : undefined;
}
