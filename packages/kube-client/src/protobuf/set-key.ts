/**
 * Sets an own key of a map, as JSON.parse does: `__proto__` is a key like any other there, and an assignment would change the prototype.
 *
 * @internal
 */
export function setKey(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") {
    map[key] = value;
    return;
  }
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}
