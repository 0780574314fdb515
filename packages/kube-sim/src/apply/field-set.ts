import type { StructuralType } from "@kinglet/kube-schema/structure";
import { isJsonRecord } from "../resources/kube-object.ts";
import { comparePathElements, type PathElement, showPathElement, tryParsePathElement } from "./path-element.ts";

/**
 * A set of paths into an object. A path that is a member says nothing about what is below it; `{".": {}}` in `fieldsV1` is a
 * member that has members below it too.
 *
 * Immutable except for {@link FieldSet.insert}, which builders use.
 */
export class FieldSet {
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, FieldSet>;

  constructor(members: Set<PathElement> = new Set(), children: Map<PathElement, FieldSet> = new Map()) {
    this.members = members;
    this.children = children;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && [...this.children.values()].every((child) => child.isEmpty);
  }

  /** The empty path is no member of any set: inserting it does nothing. */
  insert(path: readonly PathElement[]): void {
    const last = path.at(-1);
    if (last === undefined) return;
    this.#descend(path).members.add(last);
  }

  has(path: readonly PathElement[]): boolean {
    const [first, ...rest] = path;
    if (first === undefined) return false;
    return rest.length === 0 ? this.members.has(first) : this.children.get(first)?.has(rest) === true;
  }

  union(other: FieldSet): FieldSet {
    const children = new Map(this.children);
    for (const [element, child] of other.children) {
      const own = children.get(element);
      children.set(element, own === undefined ? child : own.union(child));
    }
    return new FieldSet(this.members.union(other.members), children);
  }

  intersection(other: FieldSet): FieldSet {
    return this.#combine(other, this.members.intersection(other.members), (own, child) =>
      child === undefined ? undefined : own.intersection(child),
    );
  }

  /** Members of `other` are taken out; what is below them stays. */
  difference(other: FieldSet): FieldSet {
    return this.#combine(other, this.members.difference(other.members), (own, child) =>
      child === undefined ? own : own.difference(child),
    );
  }

  /** Members of `other` are taken out with everything below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.#combine(other, this.members.difference(other.members), (own, child, element) => {
      if (other.members.has(element)) return undefined;
      return child === undefined ? own : own.recursiveDifference(child);
    });
  }

  /** Declared fields on the way to a member become members themselves; list elements and names of maps do not. */
  withNamedFields(type: StructuralType | undefined): FieldSet {
    const members = new Set(this.members);
    const children = new Map<PathElement, FieldSet>();
    for (const [element, child] of this.children) {
      const field = element.startsWith("f:") ? type?.fields?.get(element.slice(2)) : undefined;
      if (field !== undefined) members.add(element);
      children.set(element, child.withNamedFields(field?.type ?? type?.element ?? anyBelow(type)));
    }
    return new FieldSet(members, children);
  }

  /** Calls back for every member, in the order of the API: members before what is below. */
  forEach(visit: (path: readonly PathElement[]) => void, prefix: readonly PathElement[] = []): void {
    for (const element of [...this.members].sort(comparePathElements)) visit([...prefix, element]);
    for (const [element, child] of sortedChildren(this)) child.forEach(visit, [...prefix, element]);
  }

  toFieldsV1(isMember = false): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    if (isMember && (this.members.size > 0 || this.children.size > 0)) result["."] = {};
    const elements = [...this.members.union(new Set(this.children.keys()))].sort(comparePathElements);
    for (const element of elements) {
      const child = this.children.get(element);
      result[element] = child === undefined ? {} : child.toFieldsV1(this.members.has(element));
    }
    return result;
  }

  /** @returns undefined when the value is no `fieldsV1`. */
  static tryParse(value: unknown): FieldSet | undefined {
    if (!isJsonRecord(value)) return undefined;
    const set = new FieldSet();
    for (const [text, below] of Object.entries(value)) {
      if (text === ".") continue;
      const element = tryParsePathElement(text);
      if (element === undefined || !isJsonRecord(below)) return undefined;
      if (Object.keys(below).length === 0 || "." in below) set.members.add(element);
      const child = FieldSet.tryParse(below);
      if (child === undefined) return undefined;
      if (!child.isEmpty) set.children.set(element, child);
    }
    return set;
  }

  /** The set that holds the last step of a path; made on the way there. */
  #descend(path: readonly PathElement[]): FieldSet {
    const [first, ...rest] = path;
    if (first === undefined || rest.length === 0) return this;
    let child = this.children.get(first);
    if (child === undefined) {
      child = new FieldSet();
      this.children.set(first, child);
    }
    return child.#descend(rest);
  }

  #combine(
    other: FieldSet,
    members: Set<PathElement>,
    combine: (own: FieldSet, child: FieldSet | undefined, element: PathElement) => FieldSet | undefined,
  ): FieldSet {
    const children = new Map<PathElement, FieldSet>();
    for (const [element, own] of this.children) {
      const child = combine(own, other.children.get(element), element);
      if (child !== undefined && !child.isEmpty) children.set(element, child);
    }
    return new FieldSet(members, children);
  }
}

/** A path as messages show it: `.spec.containers[name="app"].image`. */
export function showPath(path: readonly PathElement[]): string {
  return path.map(showPathElement).join("");
}

function sortedChildren(set: FieldSet): [PathElement, FieldSet][] {
  return [...set.children].sort(([left], [right]) => comparePathElements(left, right));
}

function anyBelow(type: StructuralType | undefined): StructuralType | undefined {
  return type?.kind === "any" ? type : undefined;
}
