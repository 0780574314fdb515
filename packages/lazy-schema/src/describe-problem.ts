/** ` from 1 to 5 ms`, ` of at least 1 ms`; empty without limits. */
export function describeRange(
  limits: { readonly min?: number; readonly max?: number },
  before: string,
  unit: string,
): string {
  const { min, max } = limits;
  if (min === undefined && max === undefined) return "";
  if (min === undefined) return `${before} at most ${max}${unit}`;
  if (max === undefined) return `${before} at least ${min}${unit}`;
  return min === max ? `${before} exactly ${min}${unit}` : `${before} from ${min} to ${max}${unit}`;
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
