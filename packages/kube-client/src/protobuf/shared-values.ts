const SLOTS = 1024;
const FIRST = 0x811c9dc5;
/** Of longer strings the end is hashed: names of one system differ there. */
const HASHED_LENGTH = 24;

/**
 * Makes equal small objects one object: the labels, owners and container images of a workload's pods.
 *
 * Each hash has one place, and the value seen last stands there; at most 1,024 values are held. Objects given out are shared, so nobody may change them.
 *
 * @internal
 */
export class SharedValues {
  #values: (object | undefined)[] | undefined;

  share<T extends object>(value: T): T {
    const values = (this.#values ??= Array.from({ length: SLOTS }, () => undefined));
    const hash = mix(FIRST, value);
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    const known = values[slot];
    if (known !== undefined && isSame(known, value)) return known as T;
    values[slot] = value;
    return value;
  }
}

function mix(hash: number, value: unknown): number {
  if (typeof value === "string") {
    let mixed = hash ^ value.length;
    for (let at = Math.max(0, value.length - HASHED_LENGTH); at < value.length; at++) {
      mixed = Math.imul(mixed ^ value.charCodeAt(at), 0x01000193);
    }
    return mixed;
  }
  if (typeof value === "number") return Math.imul(hash ^ value, 0x01000193);
  let mixed = Math.imul(hash ^ (value === true ? 3 : 5), 0x01000193);
  if (typeof value !== "object" || value === null) return mixed;
  for (const key in value) mixed = mix(mixed, (value as Record<string, unknown>)[key]);
  return mixed;
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
