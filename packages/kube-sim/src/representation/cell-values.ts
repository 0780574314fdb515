import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";

/** All cells of an object, in the order of its kind's columns. */
export type Cells = (object: KubeObject, now: number) => readonly unknown[];

const NONE = "<none>";

/** The records of a list at a path. */
export function recordsAt(value: unknown, path: string): JsonRecord[] {
  const list = readPath(value, path);
  return Array.isArray(list) ? list.filter(isJsonRecord) : [];
}

/** The texts of a list at a path. */
export function textsAt(value: unknown, path: string): string[] {
  const list = readPath(value, path);
  return Array.isArray(list) ? list.filter((element) => typeof element === "string") : [];
}

/** The text or number at a path as text; `absent` when there is none or it is empty. */
export function textAt(value: unknown, path: string, absent = ""): string {
  const found = readPath(value, path);
  if (typeof found === "number" || typeof found === "boolean") return String(found);
  return typeof found === "string" && found !== "" ? found : absent;
}

export function numberAt(value: unknown, path: string): number {
  const found = readPath(value, path);
  return typeof found === "number" ? found : 0;
}

/** Members of the record at a path. */
export function sizeAt(value: unknown, path: string): number {
  const found = readPath(value, path);
  return isJsonRecord(found) ? Object.keys(found).length : Array.isArray(found) ? found.length : 0;
}

/** Names and images of the containers of a pod specification. */
export function containerCells(podSpec: unknown): [string, string] {
  const containers = recordsAt(podSpec, "containers");
  return [
    containers.map((container) => textAt(container, "name")).join(","),
    containers.map((container) => textAt(container, "image")).join(","),
  ];
}

/** `a=1,b=2`; `<none>` for no labels. */
export function labelsText(labels: unknown): string {
  if (!isJsonRecord(labels) || Object.keys(labels).length === 0) return NONE;
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${String(labels[key])}`)
    .join(",");
}

/** A label selector as it is written in a query; `<none>` when it selects everything, as tables have it. */
export function selectorText(selector: unknown): string {
  if (!isJsonRecord(selector)) return NONE;
  const parts: string[] = [];
  const labels = selector["matchLabels"];
  if (isJsonRecord(labels)) for (const key of Object.keys(labels).sort()) parts.push(`${key}=${String(labels[key])}`);
  for (const expression of recordsAt(selector, "matchExpressions")) {
    const key = textAt(expression, "key");
    const values = textsAt(expression, "values").sort().join(",");
    const operator = textAt(expression, "operator");
    if (operator === "In") parts.push(`${key} in (${values})`);
    else if (operator === "NotIn") parts.push(`${key} notin (${values})`);
    else parts.push(operator === "Exists" ? key : `!${key}`);
  }
  return parts.length === 0 ? NONE : parts.sort().join(",");
}

/** The first few of a list and how many more there are. */
export function shortList(texts: readonly string[]): string {
  const all = texts.length;
  const shown = texts.slice(0, 3);
  if (shown.length === 0) return "<unset>";
  return all > 3 ? `${shown.join(",")} + ${all - 3} more...` : shown.join(",");
}
