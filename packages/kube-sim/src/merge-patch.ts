import { isJsonRecord, setMember, type JsonRecord } from "./kube-object.ts";

/**
 * Applies a JSON merge patch: objects merge, `null` removes, everything else replaces.
 *
 * @returns the result; neither argument is changed.
 * @see RFC 7386
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonRecord(patch)) return structuredClone(patch);
  const result: JsonRecord = isJsonRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setMember(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
