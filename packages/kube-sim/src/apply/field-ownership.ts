import type { StructuralType } from "@kinglet/kube-schema/structure";
import { FieldSet } from "./field-set.ts";
import { type ManagedEntry, type ManagedFields, managerKey } from "./managed-fields.ts";
import type { PathElement } from "./path-element.ts";
import { compareStructural, withoutFields, type Comparison } from "./structural-compare.ts";
import { fieldsOf, removeFields } from "./structural-fields.ts";
import { mergeStructural } from "./structural-merge.ts";
import { areEqual } from "./structural-value.ts";

/** A field that somebody else owns with another value. */
export interface FieldConflict {
  readonly entry: ManagedEntry;
  readonly path: readonly PathElement[];
}

/** Who acts on which kind of object. */
export interface OwnershipChange {
  readonly type: StructuralType;
  readonly actor: Pick<ManagedEntry, "manager" | "operation" | "apiVersion" | "subresource">;
  /** Fields that this endpoint resets: nobody comes to own them through it. */
  readonly ignored: FieldSet;
}

/**
 * The owners after an update: who changes or adds a field owns it alone, what is removed belongs to nobody.
 *
 * The actor owns what he changed now only; what he owned before is added by the caller.
 */
export function ownAfterUpdate(
  change: OwnershipChange,
  before: unknown,
  after: unknown,
  managed: ManagedFields,
): ManagedFields {
  const comparison = withoutFields(compareStructural(change.type, before, after), change.ignored);
  const { owners } = settle(managed, comparison, "");
  const fields = comparison.modified.union(comparison.added).recursiveDifference(change.ignored);
  if (!fields.isEmpty) owners.set("", { ...change.actor, time: undefined, fields });
  return owners;
}

/** The outcome of an apply. */
export interface ApplyOutcome {
  /** Undefined when the object is what it was. */
  readonly object: unknown;
  readonly managed: ManagedFields;
  /** Not empty: nothing may be written unless the client insists. */
  readonly conflicts: readonly FieldConflict[];
}

/**
 * Applies a configuration: the actor owns exactly its fields, loses and removes what he owned before and left out unless others
 * own it too, and conflicts with others about fields that change.
 *
 * @param isForced - takes the fields of the others instead of conflicting.
 */
export function ownAfterApply(
  change: OwnershipChange,
  live: unknown,
  applied: unknown,
  managed: ManagedFields,
  isForced: boolean,
): ApplyOutcome {
  const { type, actor } = change;
  const key = managerKey(actor);
  const merged = mergeStructural(type, live, applied);
  const last = managed.get(key);
  const fields = fieldsOf(type, applied).recursiveDifference(change.ignored);
  const wanted = new Map(managed).set(key, { ...actor, time: last?.time, fields });
  const object = prune(type, merged, wanted, last?.fields);
  const comparison = withoutFields(compareStructural(type, live, object), change.ignored);
  const { owners, conflicts } = settle(wanted, comparison, key);
  if (!isForced && conflicts.length > 0) return { object: undefined, managed, conflicts };
  return { object: areEqual(live, object) ? undefined : object, managed: owners, conflicts: [] };
}

/** Takes what changed or was removed from everybody but the actor. */
function settle(
  managed: ManagedFields,
  comparison: Comparison,
  actor: string,
): { owners: ManagedFields; conflicts: FieldConflict[] } {
  const changed = comparison.modified.union(comparison.added);
  const owners: ManagedFields = new Map();
  const conflicts: FieldConflict[] = [];
  for (const [key, entry] of managed) {
    let { fields } = entry;
    if (key !== actor) {
      const contested = fields.intersection(changed);
      contested.forEach((path) => conflicts.push({ entry, path }));
      fields = fields.difference(contested).difference(comparison.removed);
    }
    if (!fields.isEmpty) owners.set(key, { ...entry, fields });
  }
  return { owners, conflicts };
}

/** Removes what the actor owned before and does not own now, except what others own or what was there without an owner. */
function prune(type: StructuralType, merged: unknown, managed: ManagedFields, last: FieldSet | undefined): unknown {
  if (last === undefined || last.isEmpty) return merged;
  const mergedFields = fieldsOf(type, merged).withNamedFields(type);
  let owned = new FieldSet();
  for (const entry of managed.values()) owned = owned.union(entry.fields);
  const withoutLast = removeFields(type, merged, last.withNamedFields(type));
  const kept = fieldsOf(type, withoutLast).withNamedFields(type).union(owned.withNamedFields(type));
  const withOwned = removeFields(type, merged, mergedFields.difference(kept));
  const left = fieldsOf(type, withOwned).withNamedFields(type);
  return removeFields(type, merged, mergedFields.difference(left).intersection(last.withNamedFields(type)));
}
