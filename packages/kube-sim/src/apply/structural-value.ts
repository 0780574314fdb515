import { isDeepStrictEqual } from "node:util";
import type { StructuralType } from "@kinglet/kube-schema/structure";
import { isJsonRecord, type JsonRecord } from "../resources/kube-object.ts";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";

const ANY: StructuralType = { kind: "any" };
const RAW: StructuralType = { kind: "raw" };

/** How a value of a type is taken apart: as a map, as a list, or not at all. */
export type Shape = "map" | "list" | "scalar";

/** `any` and `raw` go by the value; `null` and absent values of them count as maps. */
export function shapeOf(type: StructuralType, value: unknown): Shape {
  switch (type.kind) {
    case "object":
    case "map":
      return "map";
    case "list":
      return "list";
    case "any":
    case "raw":
      if (Array.isArray(value)) return "list";
      return value === undefined || value === null || isJsonRecord(value) ? "map" : "scalar";
    default:
      return "scalar";
  }
}

/** Owned and replaced as a whole. Lists of values without a schema are, maps of them are not. */
export function isAtomic(type: StructuralType, shape: Shape): boolean {
  if (type.kind === "raw") return true;
  if (shape === "map") return type.mapType === "atomic";
  return type.kind !== "list" || (type.listType ?? "atomic") === "atomic";
}

/** The type of a member; undefined when the type declares none of that name and allows no others. */
export function memberType(type: StructuralType, name: string): StructuralType | undefined {
  if (type.kind === "any") return ANY;
  if (type.kind === "raw") return RAW;
  const field = type.fields?.get(name);
  if (field !== undefined) return field.type;
  if (type.kind === "map") return type.element ?? ANY;
  return type.preservesUnknown === true || type.fields === undefined ? (type.element ?? ANY) : type.element;
}

export function elementType(type: StructuralType): StructuralType {
  return type.element ?? (type.kind === "raw" ? RAW : ANY);
}

export function asRecord(value: unknown): JsonRecord | undefined {
  return isJsonRecord(value) ? value : undefined;
}

export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Deep equality of JSON values, whatever order their members have. */
export function areEqual(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right);
}

/**
 * The step to an element of a `set` or `map` list. Key fields that are absent count with their declared default.
 *
 * @returns the step, or the reason in the API's words why the element has none.
 */
export function elementPath(type: StructuralType, item: unknown): { element: PathElement } | { problem: string } {
  if (type.listType === "map") {
    if (item === null || item === undefined) {
      return { problem: "associative list with keys may not have a null element" };
    }
    if (!isJsonRecord(item)) return { problem: "associative list with keys may not have non-map elements" };
    const key: JsonRecord = {};
    for (const name of type.listMapKeys ?? []) {
      if (Object.hasOwn(item, name)) key[name] = item[name];
      else {
        const fallback = type.element?.fields?.get(name)?.default;
        if (fallback !== undefined) key[name] = fallback;
      }
    }
    if (Object.keys(key).length === 0) {
      const names = (type.listMapKeys ?? []).map((name) => JSON.stringify(name)).join(" ");
      return {
        problem:
          `associative list with keys has an element that omits all key fields [${names}] ` +
          "(and doesn't have default values for any key fields)",
      };
    }
    return { element: keyElement(key) };
  }
  if (isJsonRecord(item)) return { problem: "associative list without keys has an element that's a map type" };
  if (Array.isArray(item)) return { problem: "not supported: associative list with lists as elements" };
  if (item === null || item === undefined) {
    return { problem: "associative list without keys has an element that's an explicit null" };
  }
  return { element: valueElement(item) };
}
