import { isJsonRecord, readPath, type KubeObject } from "../resources/kube-object.ts";
import type { DeleteOptions } from "../writing/object-lifecycle.ts";
import type { RuledResource } from "../resources/kind-rules.ts";

/** The finalizer of an owner that goes after the objects it owns. */
export const FOREGROUND_FINALIZER = "foregroundDeletion";
/** The finalizer of an owner whose objects are to lose their reference to it first. */
export const ORPHAN_FINALIZER = "orphan";

/** What a DELETE does: `remove` it now, store the `mark`, or nothing (`none`) because it is on its way already. */
export interface DeletionStep {
  readonly action: "remove" | "mark" | "none";
  readonly object: KubeObject;
  /** The object differs from what is stored. */
  readonly isChanged: boolean;
}

/**
 * Decides what a DELETE does to an object, by its finalizers, grace period and the propagation policy.
 *
 * @param nowMs - of the server's clock.
 */
export function planDeletion(
  resource: RuledResource,
  current: KubeObject,
  options: DeleteOptions,
  nowMs: number,
): DeletionStep {
  const next = structuredClone(current);
  const { metadata } = next;
  if (resource.isEmptiedBeforeDeletion === true) return planEmptying(resource, current, next, nowMs);
  const grace = resource.isDeletedGracefully === true ? markGracefully(next, options, nowMs) : "no";
  if (grace === "pending") return { action: "none", object: current, isChanged: false };
  const finalizers = propagationFinalizers(resource, current, options);
  if (finalizers !== undefined) setFinalizers(next, finalizers);
  const isHeld = (metadata.finalizers ?? []).length > 0;
  const isWaiting = grace === "marked" && (metadata.deletionGracePeriodSeconds ?? 0) > 0;
  if (grace === "no" && isHeld) markNow(next, nowMs);
  const isChanged = JSON.stringify(next) !== JSON.stringify(current);
  if (!isWaiting && !isHeld) return { action: "remove", object: next, isChanged };
  return { action: isChanged ? "mark" : "none", object: isChanged ? next : current, isChanged };
}

/** A namespace or definition says that it is going; what empties it removes it. */
function planEmptying(resource: RuledResource, current: KubeObject, next: KubeObject, nowMs: number): DeletionStep {
  if (current.metadata.deletionTimestamp !== undefined) return { action: "none", object: current, isChanged: false };
  next.metadata.deletionTimestamp = timestamp(nowMs);
  if (resource.deletionFinalizer !== undefined) {
    setFinalizers(next, [...new Set([...(next.metadata.finalizers ?? []), resource.deletionFinalizer])]);
  }
  if (resource.kind === "Namespace") {
    next.status = { ...(isJsonRecord(next.status) ? next.status : {}), phase: "Terminating" };
  }
  resource.rules?.().prepareForDelete?.(next, timestamp(nowMs));
  return { action: "mark", object: next, isChanged: true };
}

/** `marked`: the grace period runs or has just ended; `pending`: it runs already and is not shortened. */
function markGracefully(next: KubeObject, options: DeleteOptions, nowMs: number): "marked" | "pending" | "no" {
  const { metadata } = next;
  const running = metadata.deletionGracePeriodSeconds ?? 0;
  if (metadata.deletionTimestamp !== undefined) {
    if (running === 0) return "no";
    const asked = options.gracePeriodSeconds;
    if (asked === undefined || asked >= running) return "pending";
    metadata.deletionTimestamp = timestamp(Date.parse(metadata.deletionTimestamp) + (asked - running) * 1000);
    metadata.deletionGracePeriodSeconds = asked;
    return "marked";
  }
  const seconds = podGraceSeconds(next, options.gracePeriodSeconds);
  metadata.deletionTimestamp = timestamp(nowMs + seconds * 1000);
  metadata.deletionGracePeriodSeconds = seconds;
  if (metadata.generation !== undefined) metadata.generation++;
  return "marked";
}

/** A pod that no node has, or that has ended, goes at once. */
function podGraceSeconds(object: KubeObject, asked: number | undefined): number {
  const phase = readPath(object, "status.phase");
  const own = readPath(object, "spec.terminationGracePeriodSeconds");
  if ((readPath(object, "spec.nodeName") ?? "") === "" || phase === "Failed" || phase === "Succeeded") return 0;
  const seconds = asked ?? (typeof own === "number" ? own : 0);
  return seconds < 0 ? 1 : seconds;
}

function markNow(next: KubeObject, nowMs: number): void {
  const { metadata } = next;
  if (metadata.deletionGracePeriodSeconds === undefined && metadata.generation !== undefined) metadata.generation++;
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > nowMs) {
    metadata.deletionTimestamp = timestamp(nowMs);
  }
  metadata.deletionGracePeriodSeconds = 0;
}

/** The finalizers that the propagation policy asks for; undefined when they stay as they are. */
function propagationFinalizers(
  resource: RuledResource,
  current: KubeObject,
  options: DeleteOptions,
): readonly string[] | undefined {
  if (resource.defaultPropagation === "none") return undefined;
  const old = current.metadata.finalizers ?? [];
  const policy = options.propagationPolicy ?? ownPolicy(resource, old);
  const wanted = old.filter((finalizer) => finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER);
  if (policy === "Orphan") wanted.push(ORPHAN_FINALIZER);
  if (policy === "Foreground") wanted.push(FOREGROUND_FINALIZER);
  const isSame = wanted.length === old.length && wanted.every((finalizer) => old.includes(finalizer));
  return isSame ? undefined : wanted;
}

/** A finalizer that is there already stands for a policy; else the kind's own counts. */
function ownPolicy(resource: RuledResource, finalizers: readonly string[]): DeleteOptions["propagationPolicy"] {
  if (finalizers.includes(ORPHAN_FINALIZER)) return "Orphan";
  if (finalizers.includes(FOREGROUND_FINALIZER)) return "Foreground";
  return resource.defaultPropagation === "orphan" ? "Orphan" : "Background";
}

function setFinalizers(object: KubeObject, finalizers: readonly string[]): void {
  if (finalizers.length === 0) delete object.metadata.finalizers;
  else object.metadata.finalizers = [...finalizers];
}

/** RFC 3339 in whole seconds, as the API writes it. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
