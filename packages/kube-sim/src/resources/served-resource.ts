import type { Clock } from "@kinglet/lifecycle";
import type { AccessControl } from "../authorization/access-control.ts";
import type { Exchange } from "../requests/exchange.ts";
import type { RuledResource } from "./kind-rules.ts";
import type { ObjectReader } from "../reading/object-reader.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ObjectWriter } from "../writing/object-writer.ts";
import type { RequestInfo } from "../requests/request-info.ts";
import type { KubeObject } from "./kube-object.ts";
import type { SimResource, SubresourceForm } from "./sim-resource.ts";
import type { WriteRequest } from "../writing/write-pipeline.ts";

/** A resource with everything that answers requests for it: what the registry holds. */
export interface ServedResource extends RuledResource {
  readonly subresources?: Readonly<Record<string, SubresourceHandler>>;
  /** Answers POST by itself; nothing is stored. */
  readonly handleCreate?: (call: SubresourceCall) => Promise<void>;
}

/** A sub-resource, and who serves it when it is more than a form of the object. */
export interface SubresourceHandler extends SubresourceForm {
  /** Serves all its verbs by itself, down to the answer. */
  readonly handle?: (call: SubresourceCall) => Promise<void>;
}

/** A request to a sub-resource, with the parts of the server that it may need. */
export interface SubresourceCall {
  readonly exchange: Exchange;
  readonly info: RequestInfo;
  readonly resource: RuledResource;
  /** Of a body that is read already. */
  readonly text: string;
  /** The body as an object of this kind. @throws ApiRefusal 400 when it is none */
  readonly parse: (kind: SimResource) => KubeObject;
  readonly request: WriteRequest;
  readonly store: ObjectStore;
  readonly writer: ObjectWriter;
  readonly reader: ObjectReader;
  readonly registry: ResourceFinder;
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Finds other resources of the server; the registry is one. */
interface ResourceFinder {
  readonly find: (group: string, version: string, plural: string) => RuledResource | undefined;
}
