import type { StructuralType } from "@kinglet/kube-schema/structure";
import { setMember, type JsonRecord } from "../resources/kube-object.ts";
import type { PathElement } from "./path-element.ts";
import { asList, asRecord, elementPath, elementType, isAtomic, memberType, shapeOf } from "./structural-value.ts";

const ANY: StructuralType = { kind: "any" };

/**
 * Merges what is applied into what is there: maps member by member, `set` and `map` lists element by element, everything else
 * is taken from `applied` when it has it.
 *
 * Elements that both have are in the order of `applied`; elements that only one has keep their place next to their neighbours.
 *
 * @returns the merged value; undefined when nothing is left. Shares parts with both arguments and changes neither.
 */
export function mergeStructural(type: StructuralType, live: unknown, applied: unknown): unknown {
  const shape = shapeOf(type, applied === undefined ? live : applied);
  const isSameShape = live === undefined || applied === undefined || shapeOf(type, live) === shape;
  const left = isSameShape ? live : undefined;
  const keepApplied = applied === undefined ? left : applied;
  if (shape === "scalar") return keepApplied;
  if (shape === "list") {
    const [one, other] = [asList(left), asList(applied)];
    const isEmpty = (one?.length ?? 0) === 0 && (other?.length ?? 0) === 0;
    if (isAtomic(type, shape) || isEmpty) return keepApplied;
    return mergeLists(type, one ?? [], other ?? []);
  }
  const [one, other] = [asRecord(left), asRecord(applied)];
  const isEmpty = Object.keys(one ?? {}).length === 0 && Object.keys(other ?? {}).length === 0;
  if (isAtomic(type, shape) || isEmpty) return keepApplied;
  return mergeMaps(type, one ?? {}, other ?? {});
}

function mergeMaps(type: StructuralType, live: JsonRecord, applied: JsonRecord): unknown {
  const result: JsonRecord = {};
  for (const name of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const [one, other] = [ownMember(live, name), ownMember(applied, name)];
    const merged = mergeStructural(memberType(type, name) ?? ANY, one, other);
    if (merged !== undefined) setMember(result, name, merged);
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function mergeLists(type: StructuralType, live: readonly unknown[], applied: readonly unknown[]): unknown {
  const left = index(type, live);
  const right = index(type, applied);
  const shared = right.order.filter((element) => left.values.has(element));
  const taken = new Set<PathElement>();
  const result: unknown[] = [];
  const push = (element: PathElement, one: unknown, other: unknown): void => {
    const merged = mergeStructural(elementType(type), one, other);
    if (merged !== undefined) result.push(merged);
    if (other !== undefined) taken.add(element);
  };
  let [l, r, s] = [0, 0, 0];
  while (l < left.order.length || r < right.order.length) {
    const [mine, theirs] = [left.order[l], right.order[r]];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        push(mine, left.values.get(mine), right.values.get(mine));
        [l, r, s] = [l + 1, r + 1, s + 1];
        continue;
      }
      // Another shared element comes first in what is applied: this one is written when its turn comes there.
      if (right.values.has(mine) && shared[s] !== undefined && shared[s] !== mine) {
        l++;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!right.values.has(mine)) {
        push(mine, live[left.positions[l] ?? 0], undefined);
        l++;
        continue;
      }
      if (taken.has(mine)) l++;
    }
    if (theirs !== undefined) {
      push(theirs, left.values.get(theirs), right.values.get(theirs));
      r++;
      if (shared[s] === theirs) s++;
    }
  }
  return result.length === 0 ? undefined : result;
}

interface Indexed {
  readonly order: PathElement[];
  /** Position in the list of each entry of `order`. */
  readonly positions: number[];
  readonly values: Map<PathElement, unknown>;
}

/** Doubled elements of a live list keep their places but merge with nothing. */
function index(type: StructuralType, list: readonly unknown[]): Indexed {
  const indexed: Indexed = { order: [], positions: [], values: new Map() };
  for (const [position, item] of list.entries()) {
    const path = elementPath(type, item);
    if (!("element" in path)) continue;
    indexed.values.set(path.element, indexed.values.has(path.element) ? null : item);
    indexed.order.push(path.element);
    indexed.positions.push(position);
  }
  return indexed;
}

function ownMember(record: JsonRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
