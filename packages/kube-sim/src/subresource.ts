import type { Clock } from "@kinglet/lifecycle";
import type { AccessControl } from "./authorization/access-control.ts";
import type { Exchange } from "./exchange.ts";
import type { KubeObject } from "./kube-object.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectWriter } from "./object-writer.ts";
import type { RequestInfo } from "./request-info.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { SimResource } from "./sim-resource.ts";
import type { WriteRequest } from "./write-pipeline.ts";

/** A request to a sub-resource, with the parts of the server that it may need. */
export interface SubresourceCall {
  readonly exchange: Exchange;
  readonly info: RequestInfo;
  readonly resource: SimResource;
  /** Of a body that is read already; the handler parses what it needs. */
  readonly text: string;
  readonly request: WriteRequest;
  readonly store: ObjectStore;
  readonly writer: ObjectWriter;
  readonly reader: ObjectReader;
  readonly registry: ResourceRegistry;
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Another shape of an object, read and written under the object's name (`…/scale`). */
export interface SubresourceView {
  /** The view as clients see it; carries name, namespace, uid, version and creation time of the object. */
  readonly read: (object: KubeObject) => KubeObject;
  /** A copy of the object with the view's wishes in it; may throw a refusal. */
  readonly write: (object: KubeObject, view: KubeObject) => KubeObject;
}

/**
 * What lies under an object's name besides the object. Without `view` and `handle` it is the object itself, of which the
 * writer lets {@link merge} decide what a write may change; without that only its status.
 */
export interface SubresourceHandler {
  /** Of the body, as discovery says; the resource's own when absent. */
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
  /** `get`, `update`, `patch`, `create`, `delete`. */
  readonly verbs: readonly string[];
  /** Makes the object to be stored: a copy of `current` with what this sub-resource may change, from `wanted`. */
  readonly merge?: (current: KubeObject, wanted: KubeObject) => KubeObject;
  readonly view?: SubresourceView;
  /** Serves all its verbs by itself, down to the answer. */
  readonly handle?: (call: SubresourceCall) => Promise<void>;
}
