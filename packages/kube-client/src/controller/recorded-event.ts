import type { ResourceDefinition } from "../resource-definition.ts";

/** @public */
export const events: ResourceDefinition = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};

/** The object an event is about. @public */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly fieldPath?: string | undefined;
}

/** What happened. @public */
export interface EventInput {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference | undefined;
  readonly type: "Normal" | "Warning";
  /** Why: a CamelCase word for machines, at most 128 characters. */
  readonly reason: string;
  /** What was done or failed: a CamelCase word, at most 128 characters. */
  readonly action: string;
  /** For people, at most 1 KiB; the rest is cut off. */
  readonly note: string;
}

/** How often something happened again. */
interface EventSeries {
  readonly count: number;
  readonly lastObservedTime: string;
}

/** An Event as it is written. */
export interface EventObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly series?: EventSeries;
}
