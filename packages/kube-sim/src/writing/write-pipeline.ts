import type { UserInfo } from "../authorization/user-info.ts";
import type { StatusCause } from "../refusals/api-refusal.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { SimResource } from "../resources/sim-resource.ts";

/** Who writes, and how he wants it. */
export interface WriteRequest {
  /** Undefined: the simulator itself, on behalf of a controller. */
  readonly user?: UserInfo | undefined;
  /** The manager of the fields that change: of the query, else the beginning of the user agent. */
  readonly fieldManager?: string | undefined;
  /** A server-side apply: the wanted object already says in its `managedFields` who owns what. */
  readonly isApply?: boolean | undefined;
  /** Everything happens except that something is stored. */
  readonly isDryRun?: boolean | undefined;
  /** The options as admission webhooks see them: `{kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", …}`. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Adds a `Warning` header to the answer. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Adds an annotation to the request's audit events from a level on; the first value of a key stays. */
  readonly annotate?: ((key: string, value: string, from?: "Metadata" | "Request") => void) | undefined;
  /** Part of a request that admission has seen already (the deletion inside an eviction). */
  readonly isAdmitted?: boolean | undefined;
  /** Fires when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** One write on its way, as admission sees it. */
export interface WriteAttempt extends WriteRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly resource: SimResource;
  /** "" for cluster-wide objects. */
  readonly namespace: string;
  /** "" while the name is still to be generated. */
  readonly name: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** What is to be stored, or the body of the sub-resource; undefined for DELETE. */
  readonly object: KubeObject | undefined;
  /** What is stored; undefined for CREATE and CONNECT. */
  readonly oldObject: KubeObject | undefined;
}

/** A change of an object whose owners are to be recorded in `after.metadata.managedFields`. */
export interface FieldChange {
  readonly resource: SimResource;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly before: KubeObject | undefined;
  /** With defaults, before admission and before the kind's own logic. May be changed in place. */
  readonly after: KubeObject;
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  /** RFC 3339, seconds. */
  readonly time: string;
}

/**
 * What happens to every write between its defaults and the store. Each step is optional, and called in this order:
 * `recordFields`, the kind's own admission, `mutate`, the kind's own completion and validation, `validate`, store.
 *
 * A step refuses the write by throwing an ApiRefusal. `mutate` and `validate` may wait; when the object was changed
 * meanwhile, all steps are repeated on its new state, as the real server does. They are not called for what the simulator stores
 * by itself ({@link ObjectWriter.put}).
 */
export interface WritePipeline {
  /** Records who owns which field, in place. */
  recordFields?: ((change: FieldChange) => void) | undefined;
  /** Mutating admission. @returns the object to go on with; `attempt.object` unless changed. */
  mutate?: ((attempt: WriteAttempt) => Promise<KubeObject | undefined>) | undefined;
  /** Validates objects of built-in kinds, all problems at once: see {@link KindRules.findProblems}. */
  findProblems?:
    | ((
        resource: SimResource,
        object: KubeObject,
        current: KubeObject | undefined,
        subresource: string,
      ) => readonly StatusCause[] | undefined)
    | undefined;
  /** Validating admission; sees what would be stored. */
  validate?: ((attempt: WriteAttempt) => Promise<void>) | undefined;
}
