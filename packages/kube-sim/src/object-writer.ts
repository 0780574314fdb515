import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "@kinglet/lifecycle";
import type { StatusCause } from "./api-refusal.ts";
import { applyDefaults, omitEmpty } from "./default-values.ts";
import { isJsonRecord, type KubeObject } from "./kube-object.ts";
import { findMetadataProblems } from "./metadata-validation.ts";
import type { ObjectStore } from "./object-store.ts";
import { alreadyExists, conflict, forbidden, invalid, notFound, preconditionFailed, refusal } from "./refusals.ts";
import type { KindRules, RuleContext } from "./kind-rules.ts";
import { objectKey, qualifiedName, type SimResource } from "./sim-resource.ts";
import type { WriteAttempt, WritePipeline, WriteRequest } from "./write-pipeline.ts";

const NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const NO_NEW_NAME = "the object has been modified; please apply your changes to the latest version and try again";

/** What a DELETE may demand, from its body and query. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** What happens to objects that the deleted one owns. @defaultValue the kind's own policy */
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan" | undefined;
}

/** A PUT or PATCH. */
export interface UpdateRequest extends WriteRequest {
  readonly isPatch?: boolean | undefined;
}

/** What the writer asks of the rest of the server. */
export interface ObjectWriterOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** Fills in what a kind's own logic fills in, in place, before validation. */
  readonly complete: (resource: SimResource, object: KubeObject) => void;
  /** Kind-specific rules on top of the metadata's; all problems at once. */
  readonly findProblems: (resource: SimResource, object: KubeObject) => readonly StatusCause[];
  /** What every write passes through. */
  readonly pipeline?: WritePipeline;
  /** Called after an object was stored or removed, with the stored state. */
  readonly onWrite: (resource: SimResource, object: KubeObject, change: "stored" | "removed") => void;
}

/**
 * The life of an object: what the API does to metadata, status and generation on create, update and delete.
 *
 * Knows no kinds; everything that differs between kinds is a field of {@link SimResource} or a hook of the options.
 */
export class ObjectWriter {
  readonly #options: ObjectWriterOptions;

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
  }

  /**
   * Creates an object: defaults, owners, admission, completion, validation, admission again, store.
   *
   * @throws ApiRefusal 403, 404 (namespace), 409 (exists), 422, 500 (resourceVersion set)
   */
  async create(resource: SimResource, input: KubeObject, request: WriteRequest = {}): Promise<KubeObject> {
    const { pipeline } = this.#options;
    let object = structuredClone(input);
    wipeSystemFields(object);
    this.#default(resource, object);
    const { namespace = "", name } = object.metadata;
    this.#recordFields(resource, undefined, object, "", request);
    const at = { ...request, operation: "CREATE", resource, namespace, name, subresource: "" } as const;
    const attempt = (): WriteAttempt => ({ ...at, name: object.metadata.name, object, oldObject: undefined });
    this.#checkNamespace(resource, object);
    const context = this.#context(request);
    rulesOf(resource)?.admit?.(object, attempt(), context);
    object = (await pipeline?.mutate?.(attempt())) ?? object;
    if (object.metadata.name === "") object.metadata.name = this.#generateName(object.metadata.generateName ?? "");
    this.#stampNew(resource, object);
    if (resource.initialStatus !== undefined) object.status = structuredClone(resource.initialStatus);
    else if (resource.isCustom === true && resource.hasStatus === true) delete object.status;
    rulesOf(resource)?.prepareForCreate?.(object, context);
    this.#complete(resource, object);
    this.#validate(resource, object, undefined, "", context);
    rulesOf(resource)?.allocate?.(object, undefined, context);
    await pipeline?.validate?.(attempt());
    this.#checkNamespace(resource, object);
    const version = input.metadata.resourceVersion ?? "";
    if (version !== "") throw refusal(500, "", "resourceVersion should not be set on objects to be created");
    const key = objectKey(resource, object.metadata.namespace ?? "", object.metadata.name);
    const table = qualifiedName(resource);
    if (this.#options.store.table(table).get(key) !== undefined) throw alreadyExists(resource, object.metadata.name);
    if (request.isDryRun === true) return object;
    return this.#stored(resource, this.#options.store.put(table, key, object));
  }

  /**
   * Replaces an object, or what one of its sub-resources may change.
   *
   * @param change - makes the wanted object from the current one (undefined when there is none); may throw a refusal. Called
   *   again when the object was changed while admission was asked.
   * @throws ApiRefusal 404, 409 (version, uid), 422
   */
  async update(
    resource: SimResource,
    at: { readonly namespace: string; readonly name: string; readonly subresource: string },
    change: (current: KubeObject | undefined) => KubeObject | Promise<KubeObject>,
    request: UpdateRequest = {},
  ): Promise<{ readonly object: KubeObject; readonly isNew: boolean }> {
    const table = this.#options.store.table(qualifiedName(resource));
    const key = objectKey(resource, at.namespace, at.name);
    for (;;) {
      const current = table.get(key);
      if (current === undefined) {
        const canCreate = request.isApply === true || (resource.createsOnUpdate === true && request.isPatch !== true);
        if (!canCreate || at.subresource !== "") throw notFound(resource, at.name);
        return { object: await this.create(resource, await change(undefined), request), isNew: true };
      }
      const next = await this.#changed(resource, at, current, change, request);
      if (table.get(key) === current)
        return { object: this.#replace(resource, key, current, next, request), isNew: false };
    }
  }

  /**
   * Deletes an object or marks it for deletion.
   *
   * @returns the object and whether it is gone now.
   * @throws ApiRefusal 404, 409 (preconditions)
   */
  async delete(
    resource: SimResource,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
    request: WriteRequest = {},
  ): Promise<{ readonly object: KubeObject; readonly isGone: boolean }> {
    const { store, pipeline } = this.#options;
    const table = qualifiedName(resource);
    const key = objectKey(resource, namespace, name);
    const before = store.table(table).get(key);
    if (before === undefined) throw notFound(resource, name);
    const attempt: WriteAttempt = {
      ...request,
      operation: "DELETE",
      resource,
      namespace,
      name,
      subresource: "",
      object: undefined,
      oldObject: before,
    };
    await pipeline?.mutate?.(attempt);
    checkDeletePreconditions(resource, before, options);
    await pipeline?.validate?.(attempt);
    const current = store.table(table).get(key);
    if (current === undefined) throw notFound(resource, name);
    return this.#deleteCurrent(resource, key, current, options, request);
  }

  /** Sends something that is stored nowhere (an exec, an eviction) through admission. @returns the body, perhaps changed */
  async admit(attempt: WriteAttempt): Promise<KubeObject | undefined> {
    const { pipeline } = this.#options;
    const object = (await pipeline?.mutate?.(attempt)) ?? attempt.object;
    await pipeline?.validate?.({ ...attempt, object });
    return object;
  }

  /** Stores exactly this object, new or not, with all its status; only identity and version are filled in. */
  put(resource: SimResource, input: KubeObject): KubeObject {
    const object = structuredClone(input);
    const key = objectKey(resource, object.metadata.namespace ?? "", object.metadata.name);
    const table = qualifiedName(resource);
    const current = this.#options.store.table(table).get(key);
    if (current === undefined) {
      this.#stampNew(resource, object, object.metadata);
      const status = object.status;
      if (resource.initialStatus !== undefined && status === undefined)
        object.status = structuredClone(resource.initialStatus);
    } else {
      carryIdentity(current, object);
    }
    this.#default(resource, object);
    this.#complete(resource, object);
    this.#validate(resource, object, undefined, "", this.#context({}));
    if (current !== undefined) {
      this.#countGeneration(resource, current, object);
      if (isDeepStrictEqual(plain(current), plain(object))) return current;
    }
    return this.#stored(resource, this.#options.store.put(table, key, object));
  }

  /** Removes an object at once, whatever finalizers or grace period it has. */
  removeNow(resource: SimResource, namespace: string, name: string): boolean {
    return this.#remove(resource, objectKey(resource, namespace, name)) !== undefined;
  }

  async #changed(
    resource: SimResource,
    at: { readonly namespace: string; readonly name: string; readonly subresource: string },
    current: KubeObject,
    change: (current: KubeObject | undefined) => KubeObject | Promise<KubeObject>,
    request: UpdateRequest,
  ): Promise<KubeObject> {
    const { pipeline } = this.#options;
    const { subresource } = at;
    const view = resource.subresources?.[subresource]?.view;
    const shown = view === undefined ? current : view.read(current);
    let wanted = structuredClone(await change(shown));
    if (view === undefined) this.#default(resource, wanted);
    this.#recordFields(resource, current, wanted, subresource, request);
    const context = this.#context(request);
    const attempt = (object: KubeObject): WriteAttempt => ({
      ...request,
      operation: "UPDATE",
      resource,
      namespace: at.namespace,
      name: at.name,
      subresource,
      object,
      oldObject: shown,
    });
    if (view === undefined) rulesOf(resource)?.admit?.(wanted, attempt(wanted), context);
    wanted = (await pipeline?.mutate?.(attempt(wanted))) ?? wanted;
    this.#checkPreconditions(resource, current, wanted, request.isPatch === true);
    const next = this.#merged(resource, current, wanted, subresource);
    rulesOf(resource)?.prepareForUpdate?.(next, current, subresource, context);
    this.#checkNewFinalizers(resource, current, next);
    if (subresource === "") this.#complete(resource, next);
    this.#validate(resource, next, current, subresource, context);
    rulesOf(resource)?.allocate?.(next, current, context);
    this.#countGeneration(resource, current, next);
    await pipeline?.validate?.(attempt(view === undefined ? next : view.read(next)));
    return next;
  }

  #replace(
    resource: SimResource,
    key: string,
    current: KubeObject,
    next: KubeObject,
    request: WriteRequest,
  ): KubeObject {
    if (request.isDryRun === true) return next;
    if (isFinished(next)) {
      this.#remove(resource, key);
      return next;
    }
    if (isDeepStrictEqual(plain(current), plain(next))) return current;
    return this.#stored(resource, this.#options.store.put(qualifiedName(resource), key, next));
  }

  #deleteCurrent(
    resource: SimResource,
    key: string,
    current: KubeObject,
    options: DeleteOptions,
    request: WriteRequest,
  ): { readonly object: KubeObject; readonly isGone: boolean } {
    checkDeletePreconditions(resource, current, options);
    const table = qualifiedName(resource);
    const grace = resource.isDeletedGracefully === true ? graceSeconds(current, options.gracePeriodSeconds) : 0;
    const isHeld = (current.metadata.finalizers ?? []).length > 0 || resource.isEmptiedBeforeDeletion === true;
    if (grace === 0 && !isHeld) {
      const last = resource.isDeletedGracefully === true ? this.#terminating(resource, current, 0) : current;
      if (request.isDryRun === true) return { object: last, isGone: true };
      return { object: this.#remove(resource, key, last) ?? current, isGone: true };
    }
    const isShortened = grace < (current.metadata.deletionGracePeriodSeconds ?? 0);
    if (current.metadata.deletionTimestamp !== undefined && !isShortened) return { object: current, isGone: false };
    const marked = this.#terminating(resource, current, grace);
    if (request.isDryRun === true) return { object: marked, isGone: false };
    return { object: this.#stored(resource, this.#options.store.put(table, key, marked)), isGone: false };
  }

  #default(resource: SimResource, object: KubeObject): void {
    if (resource.defaults !== undefined) applyDefaults(object, resource.defaults);
    rulesOf(resource)?.default?.(object);
  }

  #recordFields(
    resource: SimResource,
    before: KubeObject | undefined,
    after: KubeObject,
    subresource: string,
    request: WriteRequest,
  ): void {
    this.#options.pipeline?.recordFields?.({
      resource,
      subresource,
      before,
      after,
      manager: request.fieldManager ?? "kube-sim",
      operation: request.isApply === true ? "Apply" : "Update",
      time: this.#timestamp(0),
    });
  }

  #context(request: WriteRequest): RuleContext {
    const { store, clock, random } = this.#options;
    return { store, clock, random, isDryRun: request.isDryRun === true, warn: request.warn ?? (() => {}) };
  }

  #complete(resource: SimResource, object: KubeObject): void {
    this.#options.complete(resource, object);
    omitEmpty(object, resource.isCustom === true);
  }

  #stored(resource: SimResource, object: KubeObject): KubeObject {
    this.#options.onWrite(resource, object, "stored");
    return object;
  }

  #remove(resource: SimResource, key: string, last?: KubeObject): KubeObject | undefined {
    const removed = this.#options.store.remove(qualifiedName(resource), key, last);
    if (removed !== undefined) this.#options.onWrite(resource, removed, "removed");
    return removed;
  }

  #stampNew(resource: SimResource, object: KubeObject, given: Partial<KubeObject["metadata"]> = {}): void {
    const metadata = object.metadata;
    metadata.uid = given.uid ?? randomUUID();
    metadata.creationTimestamp = given.creationTimestamp ?? this.#timestamp(0);
    for (const field of [
      "resourceVersion",
      "generation",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "selfLink",
    ]) {
      delete metadata[field];
    }
    if (resource.hasGeneration === true) metadata.generation = 1;
    if (isNamespace(resource)) {
      metadata.labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name };
    }
  }

  #merged(resource: SimResource, current: KubeObject, wanted: KubeObject, subresource: string): KubeObject {
    const handler = resource.subresources?.[subresource];
    if (handler?.view !== undefined) return handler.view.write(current, wanted);
    if (handler?.merge !== undefined) return handler.merge(current, wanted);
    if (subresource === "status") {
      const next = structuredClone(current);
      if (wanted.status === undefined) delete next.status;
      else next.status = structuredClone(wanted.status);
      if (wanted.metadata["managedFields"] !== undefined) {
        next.metadata["managedFields"] = wanted.metadata["managedFields"];
      }
      return next;
    }
    const next = structuredClone(wanted);
    carryIdentity(current, next);
    if (resource.hasStatus === true) {
      if (current.status === undefined) delete next.status;
      else next.status = structuredClone(current.status);
    }
    return next;
  }

  #countGeneration(resource: SimResource, current: KubeObject, next: KubeObject): void {
    if (resource.hasGeneration !== true) return;
    const changed = !isDeepStrictEqual(specification(resource, current), specification(resource, next));
    next.metadata.generation = (current.metadata.generation ?? 1) + (changed ? 1 : 0);
  }

  #terminating(resource: SimResource, current: KubeObject, grace: number): KubeObject {
    const next = structuredClone(current);
    const isFirst = current.metadata.deletionTimestamp === undefined;
    next.metadata.deletionTimestamp = this.#timestamp(grace);
    if (resource.isEmptiedBeforeDeletion !== true) next.metadata.deletionGracePeriodSeconds = grace;
    if (isNamespace(resource))
      next.status = { ...(isJsonRecord(next.status) ? next.status : {}), phase: "Terminating" };
    if (resource.deletionFinalizer !== undefined) {
      next.metadata.finalizers = [...new Set([...(next.metadata.finalizers ?? []), resource.deletionFinalizer])];
    }
    const isCounted = isFirst && resource.isEmptiedBeforeDeletion !== true;
    if (isCounted && next.metadata.generation !== undefined) next.metadata.generation++;
    return next;
  }

  #checkNamespace(resource: SimResource, object: KubeObject): void {
    if (!resource.namespaced) return;
    const name = object.metadata.namespace ?? "";
    const namespace = this.#options.store.table("namespaces").get(name);
    if (namespace === undefined) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, name);
    if (namespace.metadata.deletionTimestamp !== undefined) {
      throw forbidden(
        resource,
        object.metadata.name ?? "",
        `unable to create new content in namespace ${name} because it is being terminated`,
        [
          {
            reason: "NamespaceTerminating",
            message: `namespace ${name} is being terminated`,
            field: "metadata.namespace",
          },
        ],
      );
    }
  }

  #checkPreconditions(resource: SimResource, current: KubeObject, wanted: KubeObject, isPatch: boolean): void {
    const { name, uid, resourceVersion } = current.metadata;
    const wantedVersion = wanted.metadata.resourceVersion ?? "";
    const wantedUid = wanted.metadata.uid ?? "";
    if (wantedUid !== "" && wantedUid !== uid) {
      throw conflict(
        resource,
        name,
        `StorageError: invalid object, Code: 4, Key: /registry/${resource.plural}/` +
          `${objectKey(resource, current.metadata.namespace ?? "", name)}, ResourceVersion: 0, AdditionalErrorMsg: ` +
          `Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid}`,
      );
    }
    if (wantedVersion === "" && !isPatch && (resource.requiresVersionOnUpdate === true || resource.isCustom === true)) {
      // This one refusal names the resource where all others of its kind name the kind.
      throw invalid({ group: resource.group, kind: resource.plural }, name, [
        {
          reason: "FieldValueInvalid",
          message: "Invalid value: 0: must be specified for an update",
          field: "metadata.resourceVersion",
        },
      ]);
    }
    if (wantedVersion !== "" && wantedVersion !== resourceVersion) throw conflict(resource, name, NO_NEW_NAME);
  }

  #checkNewFinalizers(resource: SimResource, current: KubeObject, next: KubeObject): void {
    if (current.metadata.deletionTimestamp === undefined) return;
    const old = current.metadata.finalizers ?? [];
    const added = (next.metadata.finalizers ?? []).filter((finalizer) => !old.includes(finalizer));
    if (added.length === 0) return;
    const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
    const cause = {
      reason: "FieldValueForbidden",
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      field: "metadata.finalizers",
    };
    // The real server finds this twice, once in the metadata of any object and once in those of an update.
    throw invalid(resource, current.metadata.name, [cause, cause]);
  }

  #validate(
    resource: SimResource,
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: RuleContext,
  ): void {
    const problems = [
      ...findMetadataProblems(resource, object),
      ...this.#options.findProblems(resource, object),
      ...(rulesOf(resource)?.findProblems?.(object, current, subresource, context) ?? []),
    ];
    if (problems.length > 0) throw invalid(resource, object.metadata.name, problems);
  }

  #generateName(prefix: string): string {
    if (prefix === "") return "";
    let name = prefix;
    for (let index = 0; index < 5; index++) {
      name += NAME_ALPHABET[Math.floor(this.#options.random() * NAME_ALPHABET.length)] ?? "b";
    }
    return name;
  }

  /** RFC 3339 in whole seconds, as the API writes it. */
  #timestamp(inSeconds: number): string {
    return new Date(this.#options.clock.now() + inSeconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  }
}

/** The kind's logic; made by the row on first use. */
function rulesOf(resource: SimResource): KindRules | undefined {
  return resource.rules?.();
}

/** What a client cannot choose for a new object. */
function wipeSystemFields(object: KubeObject): void {
  const { metadata } = object;
  for (const field of WIPED) delete metadata[field];
  metadata.name ??= "";
}

const WIPED = ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] as const;

function isNamespace(resource: SimResource): boolean {
  return resource.kind === "Namespace" && resource.group === "";
}

function carryIdentity(current: KubeObject, next: KubeObject): void {
  const metadata = next.metadata;
  metadata.name = current.metadata.name;
  for (const field of [
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ]) {
    if (current.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = current.metadata[field];
  }
}

function checkDeletePreconditions(resource: SimResource, current: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = current.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    throw preconditionFailed(
      resource,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). ` +
        "The object might have been deleted and then recreated",
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw preconditionFailed(
      resource,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record ` +
        `(${resourceVersion}). The object might have been modified`,
    );
  }
}

/** A pod that no node has, or that has ended, goes at once. */
function graceSeconds(object: KubeObject, asked: number | undefined): number {
  const spec = isJsonRecord(object.spec) ? object.spec : {};
  const phase = isJsonRecord(object.status) ? object.status["phase"] : undefined;
  if (spec["nodeName"] === undefined || spec["nodeName"] === "" || phase === "Failed" || phase === "Succeeded")
    return 0;
  const own = spec["terminationGracePeriodSeconds"];
  return Math.max(0, asked ?? (typeof own === "number" ? own : 30));
}

/** Marked for deletion and nothing holds it any more. */
function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || object.kind === "Namespace") return false;
  return deletionGracePeriodSeconds === 0 && finalizers.length === 0;
}

/** The part whose changes count as a new generation: `spec` of built-in kinds, all but metadata and status of custom ones. */
function specification(resource: SimResource, object: KubeObject): unknown {
  if (resource.isCustom !== true) {
    return resource.countsAnnotations === true ? [object.spec, object.metadata.annotations ?? {}] : object.spec;
  }
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

/** Without undefined members, so that absent and undefined compare equal. */
function plain(object: KubeObject): unknown {
  return JSON.parse(JSON.stringify(object));
}
