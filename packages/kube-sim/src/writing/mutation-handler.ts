import { viewResource } from "../apply/field-manager.ts";
import { patchKindOf, readPatch } from "../patches/patch-request.ts";
import { ViewOwners } from "../apply/view-owners.ts";
import { managerOfUserAgent, parseWriteOptions } from "./write-options.ts";
import { toJsonBody } from "../decoding/yaml-body.ts";
import type { Exchange } from "../requests/exchange.ts";
import { isJsonRecord, readPath } from "../resources/kube-object.ts";
import { parseListOptions } from "../reading/list-options.ts";
import type { ObjectReader } from "../reading/object-reader.ts";
import type { DeleteOptions } from "./object-lifecycle.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { badRequest, invalid, methodNotAllowed, objectDetails } from "../refusals/refusals.ts";
import { chooseRepresentation, presentObject } from "../representation/representation.ts";
import { sendPage } from "../representation/send-page.ts";
import { mediaTypeOf, parseJson, parseObject, readBody } from "../requests/request-body.ts";
import type { RequestInfo } from "../requests/request-info.ts";
import { objectKey, tableName, subresourceOf } from "../resources/sim-resource.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import type { RuledResource } from "../resources/kind-rules.ts";
import type { SubresourceCall } from "../resources/served-resource.ts";
import type { WriteRequest } from "./write-pipeline.ts";

const PROPAGATION: Readonly<Record<string, true>> = { Foreground: true, Background: true, Orphan: true };

/** What sub-resources may need. */
export type MutationParts = Pick<
  SubresourceCall,
  "store" | "writer" | "reader" | "registry" | "access" | "clock" | "random"
>;

/** Answers create, update, patch, delete and collection delete. */
export class MutationHandler {
  readonly #writer: ObjectWriter;
  readonly #reader: ObjectReader;
  readonly #parts: MutationParts;

  constructor(parts: MutationParts) {
    this.#writer = parts.writer;
    this.#reader = parts.reader;
    this.#parts = parts;
  }

  /** Hands a request to a sub-resource that answers by itself. */
  async serveSubresource(
    exchange: Exchange,
    info: RequestInfo,
    resource: RuledResource,
    handle: (call: SubresourceCall) => Promise<void>,
  ): Promise<void> {
    const text = await readBody(exchange.request);
    const isDryRun = parseDryRun(exchange.query.getAll("dryRun"), "CreateOptions");
    const request = writeRequest(exchange, "CreateOptions", isDryRun);
    const parse = (kind: SimResource): KubeObject => {
      const object = parseObject(text, mediaTypeOf(exchange.request), kind, info.namespace);
      exchange.record?.takeObject(object, kind, text);
      return object;
    };
    await handle({ ...this.#parts, exchange, info, resource, text, parse, request });
  }

  async create(exchange: Exchange, info: RequestInfo, resource: RuledResource): Promise<void> {
    const text = await readBody(exchange.request);
    if (info.name !== "" || (resource.namespaced && info.namespace === "")) throw methodNotAllowed();
    const { isDryRun, directive } = parseWriteOptions(exchange.query, "CreateOptions");
    const representation = chooseRepresentation(exchange, resource);
    const body = await toJsonBody(text, mediaTypeOf(exchange.request));
    const validation = { directive, warn: (warning: string) => exchange.warn(warning) };
    const object = parseObject(body.text, body.mediaType, resource, info.namespace, validation);
    exchange.record?.takeObject(object, resource, body.text);
    const created = await this.#writer.create(resource, object, writeRequest(exchange, "CreateOptions", isDryRun));
    exchange.sendJson(201, presentObject(created, resource, representation));
  }

  async update(exchange: Exchange, info: RequestInfo, resource: RuledResource): Promise<void> {
    const text = await readBody(exchange.request);
    if (info.name === "") throw methodNotAllowed();
    const { isDryRun, directive } = parseWriteOptions(exchange.query, "UpdateOptions");
    const representation = chooseRepresentation(exchange, resource);
    const body = await toJsonBody(text, mediaTypeOf(exchange.request));
    const validation = { directive, warn: (warning: string) => exchange.warn(warning) };
    const shape = viewResource(resource, info.subresource);
    const object = parseObject(body.text, body.mediaType, shape, info.namespace, validation);
    // The defaults of an object are not those of a view of it.
    exchange.record?.takeObject(object, shape === resource ? resource : undefined, body.text);
    if (object.metadata.name === "") {
      throw badRequest("the name of the object (based on URL) was undeterminable: name must be provided");
    }
    if (object.metadata.name !== info.name) {
      throw badRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${info.name})`,
      );
    }
    const request = writeRequest(exchange, "UpdateOptions", isDryRun);
    const result = await this.#writer.update(resource, info, () => object, request);
    const view = subresourceOf(resource, info.subresource)?.view;
    const shown = view === undefined ? result.object : view.read(result.object);
    exchange.sendJson(result.isNew ? 201 : 200, presentObject(shown, shape, representation));
  }

  async patch(exchange: Exchange, info: RequestInfo, resource: RuledResource): Promise<void> {
    const text = await readBody(exchange.request);
    if (info.name === "") throw methodNotAllowed();
    const kind = patchKindOf(mediaTypeOf(exchange.request), resource);
    const options = parseWriteOptions(exchange.query, "PatchOptions", kind === "apply");
    const representation = chooseRepresentation(exchange, resource);
    exchange.record?.takePatch(kind === "apply" ? await applyAsJson(text) : text);
    const change = await readPatch({
      ...options,
      resource: viewResource(resource, info.subresource),
      info,
      kind,
      text,
      validation: { directive: options.directive, warn: (warning) => exchange.warn(warning) },
      viewOwners: () => this.#viewOwners(info, resource),
      time: new Date(this.#parts.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    });
    const isApply = kind === "apply";
    const request = { ...writeRequest(exchange, "PatchOptions", options.isDryRun), isPatch: true, isApply };
    const result = await this.#writer.update(resource, info, change, request);
    const view = subresourceOf(resource, info.subresource)?.view;
    const shown = view === undefined ? result.object : view.read(result.object);
    const shape = viewResource(resource, info.subresource);
    exchange.sendJson(result.isNew ? 201 : 200, presentObject(shown, shape, representation));
  }

  /** Looked up when the patch is applied: then the object is the one whose view is patched. */
  #viewOwners(info: RequestInfo, resource: RuledResource): ViewOwners | undefined {
    const view = subresourceOf(resource, info.subresource)?.view;
    const { store } = this.#parts;
    const parent = store.table(tableName(resource)).get(objectKey(resource, info.namespace, info.name));
    return view === undefined || parent === undefined ? undefined : new ViewOwners(resource, view, parent);
  }

  async delete(exchange: Exchange, info: RequestInfo, resource: RuledResource): Promise<void> {
    const text = await readBody(exchange.request);
    exchange.record?.takeDeleteOptions(text);
    const { options, isDryRun } = parseDeleteOptions(exchange, text);
    const representation = chooseRepresentation(exchange, resource);
    const request = writeRequest(exchange, "DeleteOptions", isDryRun);
    const { object, isGone } = await this.#writer.delete(resource, info.namespace, info.name, options, request);
    if (!isGone || resource.returnsDeletedObject === true) {
      exchange.sendJson(200, presentObject(object, resource, representation));
      return;
    }
    exchange.sendJson(200, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Success",
      details: { ...objectDetails(resource, info.name), uid: object.metadata.uid },
    });
  }

  async deleteCollection(exchange: Exchange, info: RequestInfo, resource: RuledResource): Promise<void> {
    const text = await readBody(exchange.request);
    exchange.record?.takeDeleteOptions(text);
    const { options, isDryRun } = parseDeleteOptions(exchange, text);
    if (resource.namespaced && info.namespace === "") throw methodNotAllowed();
    const representation = chooseRepresentation(exchange, resource, "list");
    const page = await this.#reader.selectPage(
      resource,
      info.namespace,
      parseListOptions(exchange.query, resource, false),
      exchange.signal,
    );
    const request = writeRequest(exchange, "DeleteOptions", isDryRun);
    for (const object of page.items) {
      const { namespace = "", name } = object.metadata;
      await this.#writer.delete(resource, namespace, name, { ...options, isCollection: true }, request);
    }
    await sendPage(exchange, resource, representation, page);
  }
}

/** Who writes and how, from the request. */
function writeRequest(exchange: Exchange, kind: string, isDryRun: boolean): WriteRequest {
  const { query, request } = exchange;
  const manager = query.get("fieldManager") ?? "";
  const validation = query.get("fieldValidation") ?? "";
  return {
    user: exchange.user,
    fieldManager: manager === "" ? managerOfUserAgent(request.headers["user-agent"] ?? "") : manager,
    isDryRun,
    options: {
      kind,
      apiVersion: "meta.k8s.io/v1",
      ...(isDryRun ? { dryRun: ["All"] } : {}),
      ...(manager === "" ? {} : { fieldManager: manager }),
      ...(validation === "" ? {} : { fieldValidation: validation }),
    },
    warn: (text) => exchange.warn(text),
    annotate: (key, value, from) => exchange.record?.annotate(key, value, from),
    signal: exchange.signal,
  };
}

/** A configuration that is applied may be YAML; "" when it is neither that nor JSON. */
async function applyAsJson(text: string): Promise<string> {
  try {
    return (await toJsonBody(text, "application/yaml")).text;
  } catch {
    // What is wrong with it is for the patch to say.
    return "";
  }
}

function parseDryRun(values: readonly string[], kind: string): boolean {
  const wanted = values.filter((value) => value !== "");
  const others = wanted.filter((value) => value !== "All");
  if (others.length === 0) return wanted.length > 0;
  const message = `Unsupported value: ${JSON.stringify(others)}: supported values: "All"`;
  throw invalid({ group: "meta.k8s.io", kind }, "", [{ reason: "FieldValueNotSupported", message, field: "dryRun" }]);
}

function parseDeleteOptions(
  exchange: Exchange,
  text: string,
): { readonly options: DeleteOptions; readonly isDryRun: boolean } {
  const body = text === "" ? {} : parseJson(text, "couldn't get version/kind; json parse error:");
  const { query } = exchange;
  const propagation = readPath(body, "propagationPolicy") ?? query.get("propagationPolicy") ?? undefined;
  if (propagation !== undefined && (typeof propagation !== "string" || PROPAGATION[propagation] !== true)) {
    const message = `Unsupported value: ${JSON.stringify(propagation)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [
      { reason: "FieldValueNotSupported", message, field: "propagationPolicy" },
    ]);
  }
  const orphans = readPath(body, "orphanDependents") ?? query.get("orphanDependents") ?? undefined;
  if (orphans !== undefined && propagation !== undefined) {
    const message = `Invalid value: ${JSON.stringify(propagation)}: orphanDependents and deletionPropagation cannot be both set`;
    throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [
      { reason: "FieldValueInvalid", message, field: "propagationPolicy" },
    ]);
  }
  const oldPolicy =
    orphans === undefined ? undefined : orphans === true || orphans === "true" ? "Orphan" : "Background";
  const grace = readPath(body, "gracePeriodSeconds") ?? query.get("gracePeriodSeconds") ?? undefined;
  const dryRun = readPath(body, "dryRun");
  return {
    options: {
      gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
      uid: readPath(body, "preconditions.uid") as string | undefined,
      resourceVersion: readPath(body, "preconditions.resourceVersion") as string | undefined,
      hasPreconditions: isJsonRecord(readPath(body, "preconditions")),
      propagationPolicy: (propagation ?? oldPolicy) as DeleteOptions["propagationPolicy"],
    },
    isDryRun: parseDryRun(Array.isArray(dryRun) ? (dryRun as string[]) : query.getAll("dryRun"), "DeleteOptions"),
  };
}
