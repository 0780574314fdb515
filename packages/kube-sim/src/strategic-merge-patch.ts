import { isDeepStrictEqual } from "node:util";
import { isJsonRecord, setMember, type JsonRecord } from "./kube-object.ts";
import { badRequest } from "./refusals.ts";

/**
 * Lists of built-in kinds that merge by key, by field name; a list that is not here is replaced as a whole.
 * `ports` differ: in a container the key is `containerPort`, in a service `port`.
 *
 * @see the Kubernetes API's `x-kubernetes-patch-merge-key` annotations, v1.36
 */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  volumeDevices: "devicePath",
  imagePullSecrets: "name",
  secrets: "name",
  hostAliases: "ip",
  podIPs: "ip",
  hostIPs: "ip",
  addresses: "type",
  conditions: "type",
  ownerReferences: "uid",
  resourceClaims: "name",
  schedulingGates: "name",
  topologySpreadConstraints: "topologyKey",
};

/** Lists of plain values that merge as sets. */
const MERGED_VALUES: Readonly<Record<string, true>> = { finalizers: true, podCIDRs: true };

/**
 * Applies a strategic merge patch to a built-in object, with the directives `$patch`, `$setElementOrder/…`,
 * `$deleteFromPrimitiveList/…` and `$retainKeys`.
 *
 * @returns the result; neither argument is changed.
 * @throws ApiRefusal 400 when a list element lacks its merge key or a directive is unknown.
 */
export function applyStrategicMergePatch(target: unknown, patch: unknown): unknown {
  return mergeRecords(isJsonRecord(target) ? target : {}, isJsonRecord(patch) ? patch : {}, "");
}

function mergeRecords(target: JsonRecord, patch: JsonRecord, parent: string): JsonRecord {
  const directive = patch["$patch"];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw badRequest(`Unknown patch type found: ${JSON.stringify(directive)}`);
  }
  const result: JsonRecord = retained(target, patch["$retainKeys"]);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$deleteFromPrimitiveList/")) {
      const field = key.slice("$deleteFromPrimitiveList/".length);
      if (Array.isArray(result[field])) result[field] = result[field].filter((item) => !includesEqual(value, item));
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    const current = Object.hasOwn(result, key) ? result[key] : undefined;
    if (value === null || (isJsonRecord(value) && value["$patch"] === "delete")) {
      delete result[key];
    } else if (Array.isArray(value)) {
      setMember(result, key, mergeLists(key, parent, current, value, patch[`$setElementOrder/${key}`]));
    } else if (isJsonRecord(value)) {
      setMember(result, key, mergeRecords(isJsonRecord(current) ? current : {}, value, key));
    } else {
      setMember(result, key, value);
    }
  }
  for (const [key, order] of Object.entries(patch)) {
    const field = key.slice("$setElementOrder/".length);
    if (key.startsWith("$setElementOrder/") && !(field in patch)) {
      result[field] = mergeLists(field, parent, result[field], [], order);
    }
  }
  return result;
}

function mergeLists(
  field: string,
  parent: string,
  target: unknown,
  patch: readonly unknown[],
  order: unknown,
): unknown[] {
  const current: readonly unknown[] = Array.isArray(target) ? target : [];
  const mergeKey = mergeKeyOf(field, parent);
  if (mergeKey === undefined) {
    if (MERGED_VALUES[field] !== true) return structuredClone([...patch]);
    return [...current, ...patch.filter((item) => !includesEqual(current, item))];
  }
  if (patch.some((item) => isJsonRecord(item) && item["$patch"] === "replace" && item[mergeKey] === undefined)) {
    return structuredClone(patch.filter((item) => !(isJsonRecord(item) && "$patch" in item)));
  }
  return mergeKeyedLists(mergeKey, current, patch, order);
}

function mergeKeyedLists(
  mergeKey: string,
  current: readonly unknown[],
  patch: readonly unknown[],
  order: unknown,
): unknown[] {
  const merged = new Map<unknown, unknown>();
  for (const item of current) merged.set(keyOf(item, mergeKey), item);
  const touched: unknown[] = [];
  for (const item of patch) {
    const key = keyOf(item, mergeKey);
    if (key === undefined || !isJsonRecord(item)) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    }
    if (item["$patch"] === "delete") {
      merged.delete(key);
      continue;
    }
    const existing = merged.get(key);
    merged.set(key, mergeRecords(isJsonRecord(existing) ? existing : {}, item, mergeKey));
    touched.push(key);
  }
  const wanted = Array.isArray(order) ? order.map((item) => keyOf(item, mergeKey)) : touched;
  const serverOrder = current.map((item) => keyOf(item, mergeKey));
  const keys = interleave(
    wanted.filter((key) => merged.has(key)),
    serverOrder.filter((key) => merged.has(key) && !wanted.includes(key)),
    serverOrder,
  );
  return keys.map((key) => merged.get(key));
}

/** Keys of the patch keep their order, untouched ones theirs; between the two the old order decides, new keys come first. */
function interleave(wanted: readonly unknown[], untouched: readonly unknown[], old: readonly unknown[]): unknown[] {
  const result: unknown[] = [];
  let left = 0;
  let right = 0;
  while (left < wanted.length && right < untouched.length) {
    if (old.indexOf(wanted[left]) < old.indexOf(untouched[right])) result.push(wanted[left++]);
    else result.push(untouched[right++]);
  }
  return [...result, ...wanted.slice(left), ...untouched.slice(right)];
}

function mergeKeyOf(field: string, parent: string): string | undefined {
  if (field === "ports") return parent === "name" ? "containerPort" : "port";
  return Object.hasOwn(MERGE_KEYS, field) ? MERGE_KEYS[field] : undefined;
}

function keyOf(item: unknown, mergeKey: string): unknown {
  return isJsonRecord(item) ? item[mergeKey] : undefined;
}

function includesEqual(list: unknown, value: unknown): boolean {
  return Array.isArray(list) && list.some((item) => isDeepStrictEqual(item, value));
}

function retained(target: JsonRecord, keys: unknown): JsonRecord {
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function withoutDirectives(patch: JsonRecord): JsonRecord {
  return structuredClone(Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith("$"))));
}
