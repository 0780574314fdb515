/** Deeper values are no policy; the API server itself stops at 10,000. */
const maxDepth = 200;

/**
 * JSON with sorted keys and without spaces: equal values give equal text, whatever the order in which their keys were set. Keys whose value is
 * undefined are left out, as `JSON.stringify` does.
 *
 * @throws RangeError for what has no JSON: deeper than 200 levels, functions, symbols, big integers, numbers that are not finite.
 *
 * @internal
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > maxDepth) throw new RangeError(`nested deeper than ${maxDepth} levels`);
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`the number ${String(value)}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => (item === undefined ? "null" : canonicalJson(item, depth + 1)));
    return `[${items.join(",")}]`;
  }
  if (typeof value !== "object") throw new RangeError(`a value of type ${typeof value}`);
  const record = value as Readonly<Record<string, unknown>>;
  const fields = Object.keys(record)
    .sort()
    .filter((key) => record[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key], depth + 1)}`);
  return `{${fields.join(",")}}`;
}
