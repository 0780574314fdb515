/** Freezes a plain object and all it holds, so that a change of a shared object throws (in modules) where it is made. For tests: costs a walk. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const held of Object.values(value)) deepFreeze(held);
  return value;
}
