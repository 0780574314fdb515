import type { Clock } from "@kinglet/lifecycle";
import type { StatusCause } from "../refusals/api-refusal.ts";
import type { KubeObject } from "./kube-object.ts";
import type { DeleteOptions } from "../writing/object-lifecycle.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { SimResource } from "./sim-resource.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";

/** What the rules of a kind may look at. */
export interface RuleContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isDryRun: boolean;
  /** Adds a `Warning` header to the answer. */
  readonly warn: (text: string) => void;
}

/** Everything about a kind that is logic and not data. All members change objects in place. */
export interface KindRules {
  /** Fills absent fields as decoding does. Also called for objects stored as given. */
  default?: ((object: KubeObject) => void) | undefined;
  /** What admission and completion would have filled in, for objects that are stored as given. */
  completeStored?: ((object: KubeObject) => void) | undefined;
  /** The server's own admission, before webhooks. Throws an ApiRefusal to refuse. */
  admit?: ((object: KubeObject, attempt: WriteAttempt, context: RuleContext) => void) | undefined;
  /** The same for DELETE; also called when there is no such object. */
  admitDelete?: ((attempt: WriteAttempt, options: DeleteOptions, context: RuleContext) => void) | undefined;
  /** What a new object starts with, and loses. */
  prepareForCreate?: ((object: KubeObject, context: RuleContext) => void) | undefined;
  /** What an update may not change silently: taken from `current`. `subresource` is "" for the object itself. */
  prepareForUpdate?:
    | ((next: KubeObject, current: KubeObject, subresource: string, context: RuleContext) => void)
    | undefined;
  /** What a DELETE writes into an object that is emptied before it goes; `now` is RFC 3339. */
  prepareForDelete?: ((object: KubeObject, now: string) => void) | undefined;
  /** Awaited before a client's write is looked at: loads what only {@link findProblems} needs. */
  prepare?: (() => Promise<void>) | undefined;
  /** All problems at once, in the server's order and words. `current` is undefined for a new object. */
  findProblems?:
    | ((
        object: KubeObject,
        current: KubeObject | undefined,
        subresource: string,
        context: RuleContext,
      ) => readonly StatusCause[])
    | undefined;
  /** The part whose changes count as a new generation. @defaultValue `spec` */
  specificationOf?: ((object: KubeObject) => unknown) | undefined;
  /** After validation: fields that the server chooses (cluster addresses, ports). */
  allocate?: ((object: KubeObject, current: KubeObject | undefined, context: RuleContext) => void) | undefined;
}

/** A resource with the logic of its kind: what the writer works with. */
export interface RuledResource extends SimResource {
  /** Made on first use; always the same answer. */
  readonly rules?: () => KindRules;
}
