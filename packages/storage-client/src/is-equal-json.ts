/**
 * True when two values are the same as JSON, whatever the order of members; members that are undefined are none.
 *
 * Cost: one pass that ends at the first difference, and no memory.
 *
 * @internal
 */
export function isEqualJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let at = 0; at < a.length; at += 1) if (!isEqualJson(a[at], b[at])) return false;
    return true;
  }
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const name in left) if (!isEqualJson(left[name], memberOf(right, name))) return false;
  for (const name in right) if (right[name] !== undefined && !Object.hasOwn(left, name)) return false;
  return true;
}

function memberOf(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
