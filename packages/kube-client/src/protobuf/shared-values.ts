const SLOTS = 1024;

/**
 * Makes equal small objects one object: the labels, owners and container images of a workload's pods.
 *
 * Each hash has one place, and the value seen last stands there; at most 1,024 values are held. Objects given out are shared, so nobody may change them.
 *
 * @internal
 */
export class SharedValues {
  #values: (object | undefined)[] | undefined;

  /** @param hash - equal for equal values; where the value is looked for. */
  share<T extends object>(value: T, hash: number): T {
    const values = (this.#values ??= Array.from({ length: SLOTS }, () => undefined));
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    const known = values[slot];
    if (known !== undefined && isSame(known, value)) return known as T;
    values[slot] = value;
    if (Array.isArray(value)) this.#shareElements(value);
    return value;
  }

  /** A list that is new may hold what other lists hold: the sidecar of every workload. Asked once per different list. */
  #shareElements(elements: unknown[]): void {
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index];
      if (typeof element === "object" && element !== null) elements[index] = this.share(element, roughHash(element));
    }
  }
}

/** Of the lengths and the ends of the strings in it: equal for equal values, and seldom for others. */
function roughHash(value: object): number {
  let hash = 0;
  for (const part of Object.values(value)) {
    if (typeof part !== "string") continue;
    hash = Math.imul(hash ^ part.length, 0x01000193) ^ part.charCodeAt(part.length >> 1);
    hash = Math.imul(hash, 0x01000193) ^ part.charCodeAt(part.length - 1);
  }
  return hash;
}

/** Equal by content, keys in the same order; values are strings, numbers, booleans, or objects and arrays of such. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    for (let index = 0; index < one.length; index++) if (!isSame(one[index], other[index])) return false;
    return true;
  }
  if (Array.isArray(other)) return false;
  const keys = Object.keys(one);
  const otherKeys = Object.keys(other);
  if (keys.length !== otherKeys.length) return false;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!; // index < length
    if (key !== otherKeys[index]) return false;
    if (!isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key])) return false;
  }
  return true;
}
