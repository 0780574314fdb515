import { isDeepStrictEqual } from "node:util";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";
import { apiVersionOf, type SimResource, subresourceOf } from "../resources/sim-resource.ts";
import type { FieldChange } from "../writing/write-pipeline.ts";
import { conflictRefusal } from "./conflict-refusal.ts";
import { FieldSet } from "./field-set.ts";
import { type ApplyOutcome, ownAfterApply, ownAfterUpdate, type OwnershipChange } from "./field-ownership.ts";
import { withLastApplied, lastAppliedFields } from "./last-applied.ts";
import {
  capUpdaters,
  encodeManagedFields,
  isReset,
  type ManagedEntry,
  type ManagedFields,
  managerKey,
  tryParseManagedFields,
} from "./managed-fields.ts";
import { fieldElement } from "./path-element.ts";
import { resetFields } from "./reset-fields.ts";
import { isDeclared, structureOf } from "../decoding/resource-structure.ts";
import { describeStructuralProblems } from "../decoding/structural-validation.ts";
import { decodeTyped } from "../decoding/typed-decoder.ts";
import { ViewOwners } from "./view-owners.ts";
import { zeroStruct } from "../decoding/zero-value.ts";

const BEFORE_FIRST_APPLY = "before-first-apply";
/** Fields of the metadata that nobody owns. */
const UNOWNED: readonly string[] = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
];

/** One server-side apply. */
export interface ApplyRequest {
  readonly resource: SimResource;
  /** "" for the object itself. */
  readonly subresource: string;
  /** Undefined: the object is to be created. */
  readonly live: KubeObject | undefined;
  /** The body, parsed. */
  readonly applied: JsonRecord;
  readonly manager: string;
  readonly isForced: boolean;
  /** RFC 3339, seconds. */
  readonly time: string;
}

/**
 * Records in `change.after` who owns what, as the API does on create, update and every patch but apply: the writer owns what
 * changed, nobody what is gone. Objects whose owners were thrown away stay without until the next apply.
 */
export function recordFields(change: FieldChange): void {
  const { resource, subresource, before, after } = change;
  if (change.operation === "Apply") return;
  const view = subresourceOf(resource, subresource)?.view;
  if (view !== undefined) {
    if (before === undefined) return;
    const owners = new ViewOwners(resource, view, before);
    const shown = view.read(before);
    const shape = viewResource(resource, subresource);
    shown.metadata["managedFields"] = owners.ofView();
    recordChange({ ...change, resource: shape, before: shown });
    after.metadata["managedFields"] = owners.ofParent(after.metadata["managedFields"]);
    return;
  }
  recordChange(change);
}

/** The kind of the bodies of a sub-resource; the resource's own unless it shows another shape of the object. */
export function viewResource(resource: SimResource, subresource: string): SimResource {
  const { kind, group, version, view } = subresourceOf(resource, subresource) ?? {};
  if (view === undefined) return resource;
  const { schema: _schema, statedSchema: _stated, subresources: _subresources, storage: _storage, ...rest } = resource;
  const shape = { kind: kind ?? resource.kind, group: group ?? resource.group, version: version ?? resource.version };
  return { ...rest, ...shape, isCustom: false, hasStatus: false };
}

function recordChange(change: FieldChange): void {
  const { resource, subresource, before, after } = change;
  const managed = ownersOf(before, after, subresource !== "");
  delete after.metadata["managedFields"];
  if (managed.size === 0 && before !== undefined) return;
  const actor = {
    manager: change.manager === "" ? "unknown" : change.manager,
    operation: "Update",
    apiVersion: apiVersionOf(resource),
    subresource,
  } as const;
  const owners = recordUpdate(resource, actor, before ?? emptyObject(resource), after, managed, change.time);
  const encoded = encodeManagedFields(owners);
  if (encoded === undefined) return;
  const old = before?.metadata["managedFields"];
  const isSame =
    before !== undefined && isSameButTimes(old, encoded) && isSameContent(before, after, resource, subresource);
  after.metadata["managedFields"] = isSame ? old : encoded;
}

/**
 * Applies a configuration to an object.
 *
 * @returns the object to be written, with its owners; the caller still has to default and validate it.
 * @throws ApiRefusal 400 (other kind, managedFields), 409 (fields of others), 500 (not of the declared type)
 */
export function applyObject(request: ApplyRequest): KubeObject {
  const { resource, live, applied, time } = request;
  checkApplied(resource, applied);
  const type = structureOf(resource);
  const problem = describeStructuralProblems(type, applied);
  if (problem !== undefined) {
    throw refusal(500, "", `failed to create typed patch object (${nameOf(applied)}): ${problem}`);
  }
  const base = withoutManagedFields(live ?? emptyObject(resource));
  let managed = ownersOf(live, undefined, true);
  const apiVersion = apiVersionOf(resource);
  if (managed.size === 0 && live !== undefined) {
    const { subresource } = request;
    const actor = { manager: BEFORE_FIRST_APPLY, operation: "Update", apiVersion, subresource } as const;
    managed = recordUpdate(resource, actor, emptyObject(resource), base, managed, time);
  }
  const actor = { manager: request.manager, operation: "Apply", apiVersion, subresource: request.subresource } as const;
  const change: OwnershipChange = { type, actor, ignored: resetFields(resource, request.subresource) };
  const outcome = applyOrRefuse(request, change, base, managed);
  const key = managerKey(actor);
  const own = outcome.managed.get(key);
  if (own !== undefined) {
    const fields = stripped(own.fields);
    if (fields.isEmpty) outcome.managed.delete(key);
    else outcome.managed.set(key, { ...own, fields, time: outcome.object === undefined ? own.time : time });
  }
  const object = structuredClone(outcome.object ?? base) as KubeObject;
  const result = isDeclared(resource) ? (decodeTyped(type, object).value as unknown as KubeObject) : object;
  const encoded = encodeManagedFields(outcome.managed);
  if (encoded !== undefined) result.metadata["managedFields"] = encoded;
  return request.manager === "kubectl" ? withLastApplied(result, applied) : result;
}

/** kubectl may take back what its own older way of applying left unchanged. */
function applyOrRefuse(
  request: ApplyRequest,
  change: OwnershipChange,
  base: JsonRecord,
  managed: ManagedFields,
): ApplyOutcome {
  const { applied, resource } = request;
  const outcome = ownAfterApply(change, base, applied, managed, request.isForced);
  if (outcome.conflicts.length === 0) return outcome;
  const allowed = request.manager === "kubectl" ? lastAppliedFields(change.type, base, resource) : undefined;
  if (allowed === undefined) throw conflictRefusal(outcome.conflicts);
  const left = outcome.conflicts.filter(({ path }) => !allowed.has(path));
  if (left.length > 0) throw conflictRefusal(left);
  return ownAfterApply(change, base, applied, managed, true);
}

function checkApplied(resource: SimResource, applied: JsonRecord): void {
  if (applied["apiVersion"] !== apiVersionOf(resource) || applied["kind"] !== resource.kind) {
    throw badRequest(`invalid object type: ${kindOf(applied)}`);
  }
  const metadata = applied["metadata"];
  if (isJsonRecord(metadata) && metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
}

function recordUpdate(
  resource: SimResource,
  actor: Pick<ManagedEntry, "manager" | "operation" | "apiVersion" | "subresource">,
  before: JsonRecord,
  after: JsonRecord,
  managed: ManagedFields,
  time: string,
): ManagedFields {
  const ignored = resetFields(resource, actor.subresource);
  const type = structureOf(resource);
  const owners = ownAfterUpdate({ type, actor, ignored }, withoutManagedFields(before), after, managed);
  const changed = owners.get("");
  owners.delete("");
  const fields = changed === undefined ? undefined : stripped(changed.fields);
  if (fields !== undefined && !fields.isEmpty) {
    const key = managerKey(actor);
    const previous = owners.get(key);
    owners.set(key, { ...actor, time, fields: previous === undefined ? fields : fields.union(previous.fields) });
  }
  capUpdaters(owners);
  return owners;
}

/** The owners to start from: what a client sent counts only when it can be read and says something. */
function ownersOf(live: KubeObject | undefined, wanted: KubeObject | undefined, takesLive: boolean): ManagedFields {
  const stored = (): ManagedFields => tryParseManagedFields(live?.metadata["managedFields"]) ?? new Map();
  if (takesLive) return stored();
  const sent = wanted?.metadata["managedFields"];
  if (isReset(sent)) return new Map();
  const parsed = tryParseManagedFields(sent);
  return parsed === undefined || parsed.size === 0 ? stored() : parsed;
}

/** What the server starts from when it creates: an empty struct, or for custom resources only the kind. */
function emptyObject(resource: SimResource): KubeObject {
  const identity = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  const zero = isDeclared(resource) ? zeroStruct(structureOf(resource)) : {};
  return { ...zero, ...identity } as unknown as KubeObject;
}

function withoutManagedFields(object: JsonRecord): JsonRecord {
  const { metadata } = object;
  if (!isJsonRecord(metadata)) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function stripped(fields: FieldSet): FieldSet {
  const strip = new FieldSet();
  for (const name of ["apiVersion", "kind", "metadata"]) strip.insert([fieldElement(name)]);
  for (const name of UNOWNED) strip.insert([fieldElement("metadata"), fieldElement(name)]);
  return fields.difference(strip);
}

function isSameButTimes(old: unknown, now: readonly Record<string, unknown>[]): boolean {
  if (!Array.isArray(old) || old.length !== now.length) return false;
  const timeless = (entry: unknown): unknown => ({ ...(entry as object), time: undefined });
  return isDeepStrictEqual(old.map(timeless), now.map(timeless));
}

/** Equal in everything that this write could change. */
function isSameContent(before: KubeObject, after: KubeObject, resource: SimResource, subresource: string): boolean {
  const content = (object: KubeObject): unknown => {
    const { metadata, ...rest } = object;
    const kept: JsonRecord = { ...metadata };
    for (const name of UNOWNED) delete kept[name];
    if (subresource === "" && resource.hasStatus === true) delete rest.status;
    return { rest, kept };
  };
  return isDeepStrictEqual(content(before), content(after));
}

/** `namespace/name; apps/v1, Kind=Deployment` */
function nameOf(object: JsonRecord): string {
  const metadata = isJsonRecord(object["metadata"]) ? object["metadata"] : {};
  return `${textOf(metadata["namespace"])}/${textOf(metadata["name"])}; ${kindOf(object)}`;
}

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod` */
function kindOf(object: JsonRecord): string {
  const version = textOf(object["apiVersion"]);
  return `${version.includes("/") ? version : `/${version}`}, Kind=${textOf(object["kind"])}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
