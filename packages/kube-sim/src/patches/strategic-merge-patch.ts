import { isDeepStrictEqual } from "node:util";
import type { StructuralField, StructuralType } from "@kinglet/kube-schema/structure";
import { goValue } from "../decoding/structural-validation.ts";
import { isJsonRecord, setMember, type JsonRecord } from "../resources/kube-object.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";

const DELETE_FROM = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";
const RETAIN = "$retainKeys";
const DIRECTIVE = "$patch";

/**
 * Applies a strategic merge patch to an object of a declared type, with the directives `$patch`, `$setElementOrder/…`,
 * `$deleteFromPrimitiveList/…` and `$retainKeys`.
 *
 * @returns the result; neither argument is changed.
 * @throws ApiRefusal 400 for a malformed directive, 422 for lists of lists, 500 (as the real server answers) for a list element
 *   without its merge key and an unknown `$patch`
 */
export function applyStrategicMergePatch(type: StructuralType, target: unknown, patch: unknown): unknown {
  if (!isJsonRecord(patch)) {
    throw badRequest(
      `json: cannot unmarshal ${Array.isArray(patch) ? "array" : typeof patch} into Go value of type map[string]interface {}`,
    );
  }
  return mergeRecords(type, structuredClone(isJsonRecord(target) ? target : {}), structuredClone(patch));
}

/** Both arguments are this function's own and may be changed. */
function mergeRecords(type: StructuralType | undefined, target: JsonRecord, patch: JsonRecord): JsonRecord {
  const directive = patch[DIRECTIVE];
  if (directive !== undefined) {
    delete patch[DIRECTIVE];
    if (directive === "replace") return patch;
    if (directive === "delete") return {};
    throw unknownDirective(directive, { ...patch, [DIRECTIVE]: directive });
  }
  retainKeys(target, patch);
  mergeOrderedLists(type, target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) deleteFromList(target, key.slice(DELETE_FROM.length), value);
    else mergeMember(type, target, key, value);
  }
  return target;
}

function mergeMember(type: StructuralType | undefined, target: JsonRecord, key: string, value: unknown): void {
  const current = Object.hasOwn(target, key) ? target[key] : undefined;
  const field = type?.fields?.get(key);
  if (value === null) {
    delete target[key];
  } else if (isJsonRecord(value) && isJsonRecord(current)) {
    setMember(target, key, mergeRecords(field?.type ?? type?.element, current, value));
  } else if (Array.isArray(value) && Array.isArray(current)) {
    setMember(target, key, isMerged(field) ? mergeLists(field, current, value) : value);
  } else {
    const clean = withoutDirectives(withoutNulls(value));
    if (clean === undefined) delete target[key];
    else setMember(target, key, clean);
  }
}

/** The list that names every key a union may keep; everything else goes. */
function retainKeys(target: JsonRecord, patch: JsonRecord): void {
  if (!Object.hasOwn(patch, RETAIN)) return;
  const keys = patch[RETAIN];
  delete patch[RETAIN];
  const isComplete =
    Array.isArray(keys) &&
    Object.entries(patch).every(
      ([key, value]) => value === null || key.startsWith(DELETE_FROM) || key.startsWith(ORDER) || keys.includes(key),
    );
  if (!isComplete) throw badRequest("invalid patch format of retainKeys");
  for (const key of Object.keys(target)) if (!keys.includes(key)) delete target[key];
}

function deleteFromList(target: JsonRecord, key: string, values: unknown): void {
  const current = target[key];
  if (!Array.isArray(current)) return;
  if (!Array.isArray(values)) throw badRequest("invalid patch format of primitive list");
  target[key] = current.filter((item) => !values.some((value) => isDeepStrictEqual(value, item)));
}

/** Lists whose whole order the patch gives; merged here with their elements, so that they are not merged again. */
function mergeOrderedLists(type: StructuralType | undefined, target: JsonRecord, patch: JsonRecord): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(ORDER)) continue;
    delete patch[directive];
    const key = directive.slice(ORDER.length);
    const field = type?.fields?.get(key);
    const [current, wanted] = [target[key], patch[key]];
    delete patch[key];
    if (!Array.isArray(order)) throw badRequest("invalid patch format of setElementOrder list");
    for (const list of [current, wanted]) {
      if (list !== undefined && list !== null && !Array.isArray(list)) {
        throw plainFailure(`expected a []interface {}, but received a ${goKind(list)}`);
      }
    }
    const before = Array.isArray(current) ? (current as unknown[]) : undefined;
    const changes = Array.isArray(wanted) ? (wanted as unknown[]) : undefined;
    if (before === undefined && changes === undefined) continue;
    checkOrder(changes ?? [], order, field?.patchMergeKey);
    let merged: unknown[];
    if (changes === undefined) merged = before ?? [];
    else if (before === undefined) merged = withoutDirectives(changes) as unknown[];
    else merged = isMerged(field) ? mergeLists(field, before, changes) : changes;
    setMember(target, key, inOrder(merged, order, before ?? [], field?.patchMergeKey));
  }
}

/** What the patch changes must be in the order that it gives. */
function checkOrder(changes: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  const named = changes.filter((item) => !(isJsonRecord(item) && DIRECTIVE in item));
  if (named.length === 0 || order.length === 0) return;
  let at = 0;
  for (const item of order) {
    if (at < named.length && isDeepStrictEqual(keyOf(named[at], mergeKey), keyOf(item, mergeKey))) at++;
  }
  if (at < named.length) {
    throw plainFailure(
      `The order in patch list:\n${goValue(changes)}\n doesn't match $setElementOrder list:\n${goValue(order)}\n`,
    );
  }
}

function mergeLists(field: StructuralField | undefined, current: unknown[], patch: readonly unknown[]): unknown[] {
  if (current.length === 0 && patch.length === 0) return current;
  if ([...current, ...patch].some((item) => Array.isArray(item))) {
    throw refusal(422, "Invalid", "the server rejected our request due to an error in our request", { details: {} });
  }
  if (![...current, ...patch].some(isJsonRecord)) {
    return inOrder(unique([...current, ...patch]), patch, current, undefined);
  }
  const mergeKey = field?.patchMergeKey;
  if (mergeKey === undefined) throw plainFailure("cannot merge lists without merge key for Struct");
  const { kept, changes } = applyElementDirectives(current, patch, mergeKey);
  const merged = [...kept];
  for (const item of changes) {
    const key = requireKey(item, mergeKey);
    const at = merged.findIndex((one) => isDeepStrictEqual(keyOf(one, mergeKey), key));
    const existing = merged[at];
    if (isJsonRecord(existing)) merged[at] = mergeRecords(field?.type.element, existing, item as JsonRecord);
    else merged.push(item);
  }
  return inOrder(merged, changes, kept, mergeKey);
}

/** `$patch: delete` takes elements out, `$patch: replace` all of them. */
function applyElementDirectives(
  current: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { readonly kept: unknown[]; readonly changes: unknown[] } {
  let kept = [...current];
  let isReplaced = false;
  const changes: unknown[] = [];
  for (const item of patch) {
    const directive = isJsonRecord(item) ? item[DIRECTIVE] : undefined;
    if (directive === undefined) {
      changes.push(item);
    } else if (directive === "replace") {
      isReplaced = true;
    } else if (directive === "delete") {
      const key = requireKey(item, mergeKey);
      kept = kept.filter((one) => !isDeepStrictEqual(keyOf(one, mergeKey), key));
    } else {
      if (directive === "merge") throw plainFailure("merging lists cannot yet be specified in the patch");
      throw unknownDirective(directive, item);
    }
  }
  return isReplaced ? { kept: changes, changes: [] } : { kept, changes };
}

/**
 * Elements that `wanted` names come in its order, the others in that of the server; between the two the server's order decides,
 * and what is new to it comes first.
 */
function inOrder(
  merged: readonly unknown[],
  wanted: readonly unknown[],
  server: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const place = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((one) => isDeepStrictEqual(keyOf(one, mergeKey), keyOf(item, mergeKey)));
  const named = merged.filter((item) => place(wanted, item) >= 0).sort((a, b) => place(wanted, a) - place(wanted, b));
  const others = merged.filter((item) => place(wanted, item) < 0).sort((a, b) => place(server, a) - place(server, b));
  const result: unknown[] = [];
  let [left, right] = [0, 0];
  while (left < others.length && right < named.length) {
    const [one, other] = [place(server, others[left]), place(server, named[right])];
    if (one >= 0 && other >= 0 && one < other) result.push(others[left++]);
    else result.push(named[right++]);
  }
  return [...result, ...others.slice(left), ...named.slice(right)];
}

function isMerged(field: StructuralField | undefined): boolean {
  return field?.patchStrategy === "merge" || field?.patchStrategy === "merge,retainKeys";
}

function keyOf(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey !== undefined && isJsonRecord(item) ? item[mergeKey] : item;
}

function requireKey(item: unknown, mergeKey: string): unknown {
  const key = isJsonRecord(item) ? item[mergeKey] : undefined;
  if (key === undefined) throw plainFailure(`map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`);
  return key;
}

function unique(items: readonly unknown[]): unknown[] {
  return items.filter((item, at) => items.findIndex((one) => isDeepStrictEqual(one, item)) === at);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonRecord(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]));
}

/** @returns undefined for an object that is nothing but a directive */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonRecord(value)) return value;
  if (DIRECTIVE in value) return undefined;
  const members = Object.entries(value).map(([name, member]) => [name, withoutDirectives(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

function unknownDirective(directive: unknown, item: unknown): Error {
  return plainFailure(`unknown patch type: ${String(directive)} in map: ${goValue(item)}`);
}

/** The real server does not expect these and answers 500 without a reason. */
function plainFailure(message: string): Error {
  return refusal(500, "", message);
}

function goKind(value: unknown): string {
  return isJsonRecord(value) ? "map[string]interface {}" : typeof value;
}
