/** A JSON object of which nothing is known. @internal */
export type LooseObject = Readonly<Record<string, unknown>>;

/** The object itself, or an empty one for anything that is not an object. @internal */
export function objectIn(value: unknown): LooseObject {
  return isObject(value) ? value : {};
}

/** The objects of a list; whatever else it holds is left out. @internal */
export function objectsIn(value: unknown): readonly LooseObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The string, or "" for anything else. @internal */
export function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The strings of a list. @internal */
export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The string members of an object, as labels and annotations are; own ones only, so `__proto__` is a key like any other. @internal */
export function stringMapIn(value: unknown): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  if (!isObject(value)) return map;
  for (const key of Object.keys(value)) {
    const text = value[key];
    if (typeof text === "string") map.set(key, text);
  }
  return map;
}

/** True for a JSON object: not null, not a list. @internal */
export function isObject(value: unknown): value is LooseObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
