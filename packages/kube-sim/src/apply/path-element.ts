import { isJsonRecord } from "../resources/kube-object.ts";

/**
 * One step of a path into an object, in the text form of `fieldsV1`: `f:name` a field, `k:{"name":"a"}` the list element with
 * that key, `v:"a"` the element of a set, `i:0` a position. Canonical: equal steps are equal strings.
 */
export type PathElement = string;

const RANK: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

export function keyElement(key: Readonly<Record<string, unknown>>): PathElement {
  const names = Object.keys(key).sort();
  return `k:{${names.map((name) => `${JSON.stringify(name)}:${canonical(key[name])}`).join(",")}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${canonical(value)}`;
}

/** Reads a step that a client wrote. @returns undefined when it is none. */
export function tryParsePathElement(text: string): PathElement | undefined {
  const body = text.slice(2);
  if (text.startsWith("f:")) return text;
  if (text.startsWith("i:")) return /^-?\d+$/.test(body) ? text : undefined;
  if (!text.startsWith("k:") && !text.startsWith("v:")) return undefined;
  try {
    const value = JSON.parse(body) as unknown;
    if (text.startsWith("v:")) return valueElement(value);
    return isJsonRecord(value) ? keyElement(value) : undefined;
  } catch {
    return undefined;
  }
}

/** The order of the API: fields by name, then keys, values, positions. */
export function comparePathElements(left: PathElement, right: PathElement): number {
  const rank = (RANK[left[0] ?? ""] ?? 4) - (RANK[right[0] ?? ""] ?? 4);
  if (rank !== 0) return rank;
  const [one, other] = [left.slice(2), right.slice(2)];
  if (left.startsWith("f:")) return compareText(one, other);
  if (left.startsWith("i:")) return Number(one) - Number(other);
  const [first, second] = [JSON.parse(one) as unknown, JSON.parse(other) as unknown];
  return left.startsWith("k:") ? compareKeys(first, second) : compareValues(first, second);
}

/** The step as messages show it: `.name`, `[name="a"]`, `[="a"]`, `[0]`. */
export function showPathElement(element: PathElement): string {
  const body = element.slice(2);
  if (element.startsWith("f:")) return `.${body}`;
  if (element.startsWith("i:")) return `[${body}]`;
  if (element.startsWith("v:")) return `[=${body}]`;
  const key = JSON.parse(body) as Record<string, unknown>;
  return `[${Object.entries(key)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}]`;
}

/** JSON with sorted names, so that equal values are equal texts. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isJsonRecord(value)) return JSON.stringify(value) ?? "null";
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function compareKeys(left: unknown, right: unknown): number {
  const one = Object.entries(left as Record<string, unknown>);
  const other = Object.entries(right as Record<string, unknown>);
  for (const [at, [name, value]] of one.entries()) {
    const against = other[at];
    if (against === undefined) return 1;
    const order = compareText(name, against[0]) || compareValues(value, against[1]);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

function compareValues(left: unknown, right: unknown): number {
  const rank = valueRank(left) - valueRank(right);
  if (rank !== 0) return rank;
  if (typeof left === "number") return left - Number(right);
  if (typeof left === "boolean") return Number(left) - Number(right);
  return compareText(typeof left === "string" ? left : canonical(left), String(right));
}

function valueRank(value: unknown): number {
  const order = ["number", "string", "boolean"].indexOf(typeof value);
  return order < 0 ? 3 : order;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
