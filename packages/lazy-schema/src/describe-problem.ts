/** `1 to 5`, `at least 1`; empty without limits. */
export function describeRange({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min === undefined) return max === undefined ? "" : `at most ${max}`;
  if (max === undefined) return `at least ${min}`;
  return min === max ? `exactly ${min}` : `${min} to ${max}`;
}

/** The value in one short line; the input may be huge or hostile, so it is cut before it is turned into text. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length <= 60 ? value : `${value.slice(0, 57)}...`);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  return String(value);
}

/** Path of a key inside `path`; keys that are not plain words are quoted and cut. */
export function joinPath(path: string, key: string): string {
  if (!/^[\w-]{1,100}$/.test(key)) return `${path}[${describeValue(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
