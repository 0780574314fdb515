import { isJsonRecord, setMember, type JsonRecord } from "../resources/kube-object.ts";

/**
 * Applies a JSON merge patch: objects merge, `null` removes, everything else replaces. Objects inside lists lose their `null`
 * members too, as on the real server.
 *
 * @returns the result; neither argument is changed.
 * @see RFC 7386
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonRecord(patch)) return withoutNulls(patch);
  const result: JsonRecord = isJsonRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const current = Object.hasOwn(result, key) ? result[key] : undefined;
    if (value === null) delete result[key];
    else setMember(result, key, isJsonRecord(current) ? applyMergePatch(current, value) : withoutNulls(value));
  }
  return result;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonRecord(value)) return value;
  const result: JsonRecord = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== null) setMember(result, name, withoutNulls(member));
  }
  return result;
}
