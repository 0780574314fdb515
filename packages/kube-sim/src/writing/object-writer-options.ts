import type { Clock } from "@kinglet/lifecycle";
import type { StatusCause } from "../refusals/api-refusal.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { RuledResource } from "../resources/kind-rules.ts";
import type { WritePipeline, WriteRequest } from "./write-pipeline.ts";

/** Where an object is, and which part of it is meant; "" for the object itself. */
export interface ObjectAddress {
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** Makes the wanted object from the current one. */
export type ObjectChange = (current: KubeObject | undefined) => KubeObject | Promise<KubeObject>;

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
  readonly complete: (resource: RuledResource, object: KubeObject) => void;
  /** Kind-specific rules on top of the metadata's; all problems at once. */
  readonly findProblems: (resource: RuledResource, object: KubeObject) => readonly StatusCause[];
  /** What every write passes through. */
  readonly pipeline?: WritePipeline;
  /** Called after an object was stored or removed, with the stored state. */
  readonly onWrite: (resource: RuledResource, object: KubeObject, change: "stored" | "removed") => void;
}
