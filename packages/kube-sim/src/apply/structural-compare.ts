import type { StructuralType } from "@kinglet/kube-schema/structure";
import type { JsonRecord } from "../resources/kube-object.ts";
import { FieldSet } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import {
  areEqual,
  asList,
  asRecord,
  elementPath,
  elementType,
  isAtomic,
  memberType,
  shapeOf,
  type Shape,
} from "./structural-value.ts";

const ANY: StructuralType = { kind: "any" };

/** What differs between two states of an object. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

/** Compares two states field by field, as deep as the type says that fields are owned. */
export function compareStructural(type: StructuralType, before: unknown, after: unknown): Comparison {
  const comparison: Comparison = { removed: new FieldSet(), modified: new FieldSet(), added: new FieldSet() };
  compareAt(type, before, after, [], comparison);
  return comparison;
}

/** Takes what belongs to others out of a comparison. */
export function withoutFields(comparison: Comparison, ignored: FieldSet): Comparison {
  if (ignored.isEmpty) return comparison;
  return {
    removed: comparison.removed.recursiveDifference(ignored),
    modified: comparison.modified.recursiveDifference(ignored),
    added: comparison.added.recursiveDifference(ignored),
  };
}

function compareAt(type: StructuralType, before: unknown, after: unknown, path: PathElement[], out: Comparison): void {
  const shapes = new Set<Shape>();
  if (before !== undefined) shapes.add(shapeOf(type, before));
  if (after !== undefined) shapes.add(shapeOf(type, after));
  let isLeaf = false;
  // A value without a schema may have changed its shape: then each side is looked at in its own.
  for (const shape of shapes) isLeaf = compareShape(type, shape, before, after, path, out) || isLeaf;
  if (isLeaf) return;
  if (before === undefined) out.added.insert(path);
  else if (after === undefined) out.removed.insert(path);
}

/** @returns true when the value counts as one field */
function compareShape(
  type: StructuralType,
  shape: Shape,
  before: unknown,
  after: unknown,
  path: PathElement[],
  out: Comparison,
): boolean {
  if (shape === "list") {
    const [left, right] = [asList(before), asList(after)];
    const isEmpty = (left?.length ?? 0) === 0 && (right?.length ?? 0) === 0;
    if (!isAtomic(type, shape) && !isEmpty) {
      compareLists(type, left ?? [], right ?? [], path, out);
      return false;
    }
  } else if (shape === "map") {
    const [left, right] = [asRecord(before), asRecord(after)];
    const isEmpty = Object.keys(left ?? {}).length === 0 && Object.keys(right ?? {}).length === 0;
    if (!isAtomic(type, shape) && !isEmpty) {
      compareMaps(type, left ?? {}, right ?? {}, path, out);
      return false;
    }
  }
  if (before === undefined) out.added.insert(path);
  else if (after === undefined) out.removed.insert(path);
  else if (!areEqual(before, after)) out.modified.insert(path);
  return true;
}

function compareMaps(
  type: StructuralType,
  left: JsonRecord,
  right: JsonRecord,
  path: PathElement[],
  out: Comparison,
): void {
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const before = Object.hasOwn(left, name) ? left[name] : undefined;
    const after = Object.hasOwn(right, name) ? right[name] : undefined;
    compareAt(memberType(type, name) ?? ANY, before, after, [...path, fieldElement(name)], out);
  }
}

function compareLists(
  type: StructuralType,
  left: readonly unknown[],
  right: readonly unknown[],
  path: PathElement[],
  out: Comparison,
): void {
  const [one, other] = [group(type, left), group(type, right)];
  for (const element of new Set([...one.keys(), ...other.keys()])) {
    const [before, after] = [one.get(element) ?? [], other.get(element) ?? []];
    const here = [...path, element];
    if (before.length <= 1 && after.length <= 1) {
      compareAt(elementType(type), before[0], after[0], here, out);
    } else if (before.length > 1 && after.length > 1) {
      if (!areEqual(before, after)) out.modified.insert(here);
    } else if (before.length > 1) {
      if (after.length === 1) compareAt(elementType(type), undefined, after[0], here, out);
      out.removed.insert(here);
    } else {
      if (before.length === 1) compareAt(elementType(type), before[0], undefined, here, out);
      out.added.insert(here);
    }
  }
}

function group(type: StructuralType, list: readonly unknown[]): Map<PathElement, unknown[]> {
  const groups = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const path = elementPath(type, item);
    if (!("element" in path)) continue;
    const items = groups.get(path.element);
    if (items === undefined) groups.set(path.element, [item]);
    else items.push(item);
  }
  return groups;
}
