/**
 * Whether two values of JSON are the same, whatever the order of members.
 *
 * Not `isDeepStrictEqual` of Node: its first use loads 0.1 MB.
 */
export function isSameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  const other = right as Readonly<Record<string, unknown>>;
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSameValue((left as typeof other)[key], other[key]))
  );
}
