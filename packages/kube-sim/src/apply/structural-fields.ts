import type { StructuralType } from "@kinglet/kube-schema/structure";
import { setMember, type JsonRecord } from "../resources/kube-object.ts";
import { FieldSet } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { asList, asRecord, elementPath, elementType, isAtomic, memberType, shapeOf } from "./structural-value.ts";

const ANY: StructuralType = { kind: "any" };

/** The fields that somebody who applies `value` wants to own. */
export function fieldsOf(type: StructuralType, value: unknown): FieldSet {
  const set = new FieldSet();
  collect(type, value, [], set);
  return set;
}

function collect(type: StructuralType, value: unknown, path: PathElement[], set: FieldSet): void {
  const shape = shapeOf(type, value);
  if (shape === "scalar" || isAtomic(type, shape)) {
    set.insert(path);
    return;
  }
  if (shape === "map") {
    for (const [name, member] of Object.entries(asRecord(value) ?? {})) {
      const here = [...path, fieldElement(name)];
      collect(memberType(type, name) ?? ANY, member, here, set);
      const isBlank =
        member === null || (asRecord(member) !== undefined && Object.keys(member as JsonRecord).length === 0);
      if (isBlank || type.fields?.has(name) !== true) set.insert(here);
    }
    return;
  }
  collectList(type, asList(value) ?? [], path, set);
}

/** A doubled element is owned as a whole: which of the two would a field below it belong to? */
function collectList(type: StructuralType, list: readonly unknown[], path: PathElement[], set: FieldSet): void {
  const count = new Map<PathElement, number>();
  const elements = list.map((item) => {
    const found = elementPath(type, item);
    const element = "element" in found ? found.element : undefined;
    if (element !== undefined) count.set(element, (count.get(element) ?? 0) + 1);
    return { element, item };
  });
  for (const { element, item } of elements) {
    if (element === undefined) continue;
    const here = [...path, element];
    if (count.get(element) === 1) collect(elementType(type), item, here, set);
    set.insert(here);
  }
}

/**
 * Takes fields out of a value: members of the set go with everything below them.
 *
 * @returns what is left; `null` for a map or list of which nothing is left.
 */
export function removeFields(type: StructuralType, value: unknown, fields: FieldSet): unknown {
  const shape = shapeOf(type, value);
  if (shape === "scalar") return value;
  if (shape === "list") {
    const list = asList(value);
    return list === undefined || isAtomic(type, shape) ? null : removeElements(type, list, fields);
  }
  const record = asRecord(value);
  if (record === undefined || isAtomic(type, shape)) return null;
  const result: JsonRecord = {};
  for (const [name, member] of Object.entries(record)) {
    const element = fieldElement(name);
    if (fields.members.has(element)) continue;
    const below = fields.children.get(element);
    const isTouched = below !== undefined && !below.isEmpty;
    setMember(result, name, isTouched ? removeFields(memberType(type, name) ?? ANY, member, below) : member);
  }
  return Object.keys(result).length === 0 ? null : result;
}

function removeElements(type: StructuralType, list: readonly unknown[], fields: FieldSet): unknown {
  const result: unknown[] = [];
  for (const item of list) {
    const path = elementPath(type, item);
    const element = "element" in path ? path.element : "";
    if (fields.members.has(element)) continue;
    const below = fields.children.get(element);
    result.push(below === undefined || below.isEmpty ? item : removeFields(elementType(type), item, below));
  }
  return result.length === 0 ? null : result;
}
