import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { StatusCause } from "../refusals/api-refusal.ts";
import { applyDefaults, omitEmpty } from "./default-values.ts";
import { planDeletion } from "../deletion/deletion-rules.ts";
import type { RuleContext, RuledResource } from "../resources/kind-rules.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { findMetadataProblems } from "./metadata-validation.ts";
import { rulesOf, specification, statusOf } from "./object-forms.ts";
import {
  carryIdentity,
  checkDeletePreconditions,
  checkNamespace,
  checkUpdatePreconditions,
  comparableForm,
  deleteOptionsBody,
  isFinished,
  wipeSystemFields,
  type DeleteOptions,
} from "./object-lifecycle.ts";
import type { ObjectAddress, ObjectChange, ObjectWriterOptions, UpdateRequest } from "./object-writer-options.ts";
import { alreadyExists, invalid, notFound, refusal } from "../refusals/refusals.ts";
import { objectKey, servedObject, tableName, subresourceOf } from "../resources/sim-resource.ts";
import type { WriteAttempt, WriteRequest } from "./write-pipeline.ts";

const NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/**
 * The life of an object: what the API does to metadata, status and generation on create, update and delete.
 *
 * Knows no kinds; everything that differs between kinds is a field of {@link RuledResource} or a hook of the options.
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
  async create(resource: RuledResource, input: KubeObject, request: WriteRequest = {}): Promise<KubeObject> {
    const { pipeline, store } = this.#options;
    let served = structuredClone(input);
    wipeSystemFields(served);
    this.#default(resource, served);
    const { namespace = "" } = served.metadata;
    this.#recordFields(resource, undefined, served, "", request);
    const at = { ...request, operation: "CREATE", resource, namespace, subresource: "", oldObject: undefined } as const;
    const attempt = (object: KubeObject): WriteAttempt => ({ ...at, name: object.metadata.name, object });
    checkNamespace(store, resource, served);
    const context = this.#context(request);
    const rules = rulesOf(resource);
    rules?.admit?.(served, attempt(served), context);
    served = (await pipeline?.mutate?.(attempt(served))) ?? served;
    const object = resource.storage?.toStored(served) ?? served;
    if (object.metadata.name === "") object.metadata.name = this.#generateName(object.metadata.generateName ?? "");
    this.#stampNew(resource, object);
    if (resource.initialStatus !== undefined) object.status = structuredClone(resource.initialStatus);
    else if (resource.isCustom === true && resource.hasStatus === true) delete object.status;
    rules?.prepareForCreate?.(object, context);
    this.#complete(resource, object);
    this.#validate(resource, object, undefined, "", context);
    rules?.allocate?.(object, undefined, context);
    await pipeline?.validate?.(attempt(servedObject(resource, object)));
    checkNamespace(store, resource, object);
    const version = input.metadata.resourceVersion ?? "";
    if (version !== "") throw refusal(500, "", "resourceVersion should not be set on objects to be created");
    const key = objectKey(resource, object.metadata.namespace ?? "", object.metadata.name);
    const table = tableName(resource);
    if (store.table(table).get(key) !== undefined) throw alreadyExists(resource, object.metadata.name);
    if (request.isDryRun === true) return object;
    return this.#stored(resource, store.put(table, key, object));
  }

  /**
   * Replaces an object, or what one of its sub-resources may change.
   *
   * @param change - makes the wanted object from the current one as it is served (undefined when there is none); may throw
   *   a refusal. Called again when the object was changed while admission was asked.
   * @returns the object in its stored form.
   * @throws ApiRefusal 404, 409 (version, uid), 422
   */
  async update(
    resource: RuledResource,
    at: ObjectAddress,
    change: ObjectChange,
    request: UpdateRequest = {},
  ): Promise<{ readonly object: KubeObject; readonly isNew: boolean }> {
    const table = this.#options.store.table(tableName(resource));
    const key = objectKey(resource, at.namespace, at.name);
    for (;;) {
      const current = table.get(key);
      if (current === undefined) {
        const canCreate = request.isApply === true || (resource.createsOnUpdate === true && request.isPatch !== true);
        if (!canCreate || at.subresource !== "") throw notFound(resource, at.name);
        return { object: await this.create(resource, await change(undefined), request), isNew: true };
      }
      const next = await this.#changed(resource, at, current, change, request);
      if (table.get(key) !== current) continue;
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
    resource: RuledResource,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
    request: WriteRequest = {},
  ): Promise<{ readonly object: KubeObject; readonly isGone: boolean }> {
    const { store, clock } = this.#options;
    const table = store.table(tableName(resource));
    const key = objectKey(resource, namespace, name);
    for (;;) {
      const current = table.get(key);
      this.#checkDelete(resource, namespace, name, current, options, request);
      if (current === undefined) throw notFound(resource, name);
      const step = planDeletion(resource, current, options, clock.now());
      if (step.action === "none") return { object: step.object, isGone: false };
      await this.#admitDelete(resource, current, step.object, options, request);
      if (table.get(key) !== current) continue;
      const isGone = step.action === "remove";
      if (request.isDryRun === true) return { object: step.object, isGone };
      if (!isGone) return { object: this.#stored(resource, store.put(tableName(resource), key, step.object)), isGone };
      if (!step.isChanged) return { object: this.#remove(resource, key) ?? current, isGone };
      // Its end is written down before it is removed, and both are asked for.
      const last = this.#stored(resource, store.put(tableName(resource), key, step.object));
      await this.#admitDelete(resource, last, last, options, request);
      return { object: this.#remove(resource, key) ?? last, isGone };
    }
  }

  #checkDelete(
    resource: RuledResource,
    namespace: string,
    name: string,
    current: KubeObject | undefined,
    options: DeleteOptions,
    request: WriteRequest,
  ): void {
    const attempt = { operation: "DELETE", resource, namespace, name, subresource: "", object: undefined } as const;
    const context = this.#context(request);
    rulesOf(resource)?.admitDelete?.({ ...request, ...attempt, oldObject: current }, options, context);
    if (current !== undefined) checkDeletePreconditions(resource, current, options);
  }

  /** Asks admission about a DELETE, mutating part first, as the real server does. */
  async #admitDelete(
    resource: RuledResource,
    current: KubeObject,
    next: KubeObject,
    options: DeleteOptions,
    request: WriteRequest,
  ): Promise<void> {
    const { pipeline } = this.#options;
    if (request.isAdmitted === true || pipeline === undefined) return;
    const { namespace = "", name } = current.metadata;
    const grace = resource.isDeletedGracefully === true ? next.metadata.deletionGracePeriodSeconds : undefined;
    const attempt: WriteAttempt = {
      ...request,
      operation: "DELETE",
      resource,
      namespace,
      name: options.isCollection === true ? "" : name,
      subresource: "",
      object: undefined,
      oldObject: servedObject(resource, current),
      options: deleteOptionsBody(options, grace, request.options),
    };
    await pipeline.mutate?.(attempt);
    await pipeline.validate?.(attempt);
  }

  /** Sends something that is stored nowhere (an exec, an eviction) through admission. @returns the body, perhaps changed */
  async admit(attempt: WriteAttempt): Promise<KubeObject | undefined> {
    const { pipeline } = this.#options;
    const object = (await pipeline?.mutate?.(attempt)) ?? attempt.object;
    await pipeline?.validate?.({ ...attempt, object });
    return object;
  }

  /** Stores exactly this object, new or not, with all its status; only identity and version are filled in. */
  put(resource: RuledResource, input: KubeObject, options: { readonly keepsGeneration?: boolean } = {}): KubeObject {
    const served = structuredClone(input);
    this.#default(resource, served);
    const object = resource.storage?.toStored(served) ?? served;
    const key = objectKey(resource, object.metadata.namespace ?? "", object.metadata.name);
    const table = tableName(resource);
    const current = this.#options.store.table(table).get(key);
    const rules = rulesOf(resource);
    const context = this.#context({});
    if (current === undefined) {
      this.#stampNew(resource, object, object.metadata);
      if (resource.initialStatus !== undefined && input.status === undefined) {
        object.status = structuredClone(resource.initialStatus);
      }
      const { status } = object;
      rules?.prepareForCreate?.(object, context);
      if (input.status !== undefined) object.status = status;
      rules?.allocate?.(object, undefined, context);
    } else {
      carryIdentity(current, object);
      rules?.prepareForUpdate?.(object, current, "", context);
      rules?.allocate?.(object, current, context);
    }
    rules?.completeStored?.(object);
    this.#complete(resource, object);
    this.#refuse(resource, object, [
      ...findMetadataProblems(resource, object),
      ...this.#options.findProblems(resource, object),
    ]);
    if (current !== undefined) {
      if (options.keepsGeneration !== true) this.#countGeneration(resource, current, object);
      if (isDeepStrictEqual(comparableForm(current), comparableForm(object))) return current;
    }
    return this.#stored(resource, this.#options.store.put(table, key, object));
  }

  /** Removes an object at once, whatever finalizers or grace period it has. */
  removeNow(resource: RuledResource, namespace: string, name: string): boolean {
    return this.#remove(resource, objectKey(resource, namespace, name)) !== undefined;
  }

  async #changed(
    resource: RuledResource,
    at: ObjectAddress,
    current: KubeObject,
    change: ObjectChange,
    request: UpdateRequest,
  ): Promise<KubeObject> {
    const { pipeline } = this.#options;
    const { subresource, namespace, name } = at;
    const view = subresourceOf(resource, subresource)?.view;
    const oldObject = view === undefined ? servedObject(resource, current) : view.read(current);
    let wanted = structuredClone(await change(oldObject));
    if (view === undefined) this.#default(resource, wanted);
    this.#recordFields(resource, view === undefined ? oldObject : current, wanted, subresource, request);
    const context = this.#context(request);
    const fixed = { ...request, operation: "UPDATE", resource, namespace, name, subresource, oldObject } as const;
    if (view === undefined) rulesOf(resource)?.admit?.(wanted, { ...fixed, object: wanted }, context);
    wanted = (await pipeline?.mutate?.({ ...fixed, object: wanted })) ?? wanted;
    if (view === undefined && resource.storage !== undefined) wanted = resource.storage.toStored(wanted);
    checkUpdatePreconditions(resource, current, wanted, request.isPatch === true, subresource !== "");
    const next = this.#merged(resource, current, wanted, subresource);
    rulesOf(resource)?.prepareForUpdate?.(next, current, subresource, context);
    if (subresource === "") this.#complete(resource, next);
    this.#validate(resource, next, current, subresource, context);
    rulesOf(resource)?.allocate?.(next, current, context);
    if (subresource !== "status") this.#countGeneration(resource, current, next);
    const shown = view === undefined ? servedObject(resource, next) : view.read(next);
    await pipeline?.validate?.({ ...fixed, object: shown });
    return next;
  }

  #replace(
    resource: RuledResource,
    key: string,
    current: KubeObject,
    next: KubeObject,
    request: WriteRequest,
  ): KubeObject {
    if (request.isDryRun === true) return next;
    if (isFinished(next)) {
      // The last event of the object shows it as it was before its last finalizer went.
      this.#remove(resource, key);
      return next;
    }
    if (isDeepStrictEqual(comparableForm(current), comparableForm(next))) return current;
    return this.#stored(resource, this.#options.store.put(tableName(resource), key, next));
  }

  #default(resource: RuledResource, object: KubeObject): void {
    if (resource.defaults !== undefined) applyDefaults(object, resource.defaults);
    rulesOf(resource)?.default?.(object);
  }

  #recordFields(
    resource: RuledResource,
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

  #complete(resource: RuledResource, object: KubeObject): void {
    this.#options.complete(resource, object);
    omitEmpty(object, resource.isCustom === true);
  }

  #stored(resource: RuledResource, object: KubeObject): KubeObject {
    this.#options.onWrite(resource, object, "stored");
    return object;
  }

  #remove(resource: RuledResource, key: string, last?: KubeObject): KubeObject | undefined {
    const removed = this.#options.store.remove(tableName(resource), key, last);
    if (removed !== undefined) this.#options.onWrite(resource, removed, "removed");
    return removed;
  }

  #stampNew(resource: RuledResource, object: KubeObject, given: Partial<KubeObject["metadata"]> = {}): void {
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
  }

  #merged(resource: RuledResource, current: KubeObject, wanted: KubeObject, subresource: string): KubeObject {
    const handler = subresourceOf(resource, subresource);
    if (handler?.view !== undefined) {
      const made = structuredClone(handler.view.write(current, wanted));
      const owners = wanted.metadata["managedFields"];
      if (owners !== undefined) made.metadata["managedFields"] = owners;
      return made;
    }
    if (handler?.merge !== undefined) return handler.merge(current, wanted);
    if (subresource === "status") return statusOf(resource, current, wanted);
    const next = structuredClone(wanted);
    carryIdentity(current, next);
    if (resource.hasStatus === true) {
      if (current.status === undefined) delete next.status;
      else next.status = structuredClone(current.status);
    }
    return next;
  }

  #countGeneration(resource: RuledResource, current: KubeObject, next: KubeObject): void {
    if (resource.hasGeneration !== true) return;
    const changed = !isDeepStrictEqual(specification(resource, current), specification(resource, next));
    next.metadata.generation = (current.metadata.generation ?? 1) + (changed ? 1 : 0);
  }

  #validate(
    resource: RuledResource,
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: RuleContext,
  ): void {
    const problems = [
      ...findMetadataProblems(resource, object, current, subresource),
      ...this.#options.findProblems(resource, object),
      ...(this.#options.pipeline?.findProblems?.(resource, object, current, subresource) ?? []),
      ...(rulesOf(resource)?.findProblems?.(object, current, subresource, context) ?? []),
    ];
    this.#refuse(resource, object, problems);
  }

  #refuse(resource: RuledResource, object: KubeObject, problems: readonly StatusCause[]): void {
    if (problems.length === 0) return;
    const { group } = resource.storage ?? resource;
    throw invalid({ group, kind: resource.kind }, object.metadata.name, problems);
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
