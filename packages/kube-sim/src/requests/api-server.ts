import { subresourceOf } from "../resources/sim-resource.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sleep, type Clock } from "@kinglet/lifecycle";
import { ApiRefusal } from "../refusals/api-refusal.ts";
import type { AccessControl } from "../authorization/access-control.ts";
import { answerKeySet } from "../authorization/key-set.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { UserInfo } from "../authorization/user-info.ts";
import { attributesOf, deniedRequest, type RequestAttributes } from "../authorization/request-attributes.ts";
import { answerDiscovery } from "../discovery/answer-discovery.ts";
import { Exchange } from "./exchange.ts";
import type { FaultAction } from "../faults/fault-action.ts";
import type { FaultTable } from "../faults/fault-table.ts";
import type { MutationHandler } from "../writing/mutation-handler.ts";
import type { ObjectReader } from "../reading/object-reader.ts";
import { methodNotAllowed, refusal, unknownResource, notFound } from "../refusals/refusals.ts";
import type { JournalEntry, RequestJournal } from "./request-journal.ts";
import { parseRequestInfo, type RequestInfo } from "./request-info.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import type { ServedResource } from "../resources/served-resource.ts";

const READS: Readonly<Record<string, boolean>> = { get: true, list: true, watch: true };

/** The parts that serve requests. */
export interface ApiServerParts {
  readonly registry: ResourceRegistry;
  readonly reader: ObjectReader;
  readonly mutations: MutationHandler;
  readonly access: AccessControl;
  readonly faults: FaultTable;
  readonly journal: RequestJournal;
  /** Undefined: none is kept. */
  readonly audit: AuditLog | undefined;
  readonly clock: Clock;
}

/** One request from arrival to answer: journal, fault, credentials, discovery, resource, verb. */
export class ApiServer {
  readonly #parts: ApiServerParts;

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
  }

  /** Never rejects: what a handler throws becomes the answer. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request);
    const info = parseRequestInfo(request.method ?? "GET", url.pathname, url.searchParams);
    const entry: JournalEntry = {
      method: request.method ?? "GET",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      userAgent: request.headers["user-agent"] ?? "",
      accept: request.headers.accept ?? "",
      fault: "",
      status: 0,
      at: this.#parts.clock.now(),
    };
    this.#parts.journal.add(entry);
    const exchange = new Exchange(request, response, url, entry, () => this.#parts.clock.now());
    // A client that goes away mid-answer is its own business; without a listener it would end the process.
    response.on("error", () => {});
    try {
      const fault = this.#parts.faults.take({
        method: entry.method,
        path: info.path,
        verb: info.verb,
        resource: info.plural,
        query: url.searchParams,
      });
      if (fault !== undefined) entry.fault = fault.kind;
      if (fault !== undefined && (await this.#meetFault(exchange, fault))) return;
      await this.#serve(exchange, info, entry.at);
    } catch (error) {
      this.#answerError(exchange, error);
    }
    // A client that went away before anything was known of it ends no record by that.
    if (exchange.isOver) exchange.record?.complete();
  }

  /** @returns true when the request is done with */
  async #meetFault(exchange: Exchange, fault: FaultAction): Promise<boolean> {
    switch (fault.kind) {
      case "delay":
        await sleep(fault.ms, { clock: this.#parts.clock, signal: exchange.signal });
        return false;
      case "hang":
        return true;
      case "status": {
        const seconds = fault.retryAfterSeconds;
        exchange.request.resume();
        throw refusal(fault.code, fault.reason ?? "", fault.message ?? `fault injected: ${fault.code}`, {
          ...(seconds === undefined ? {} : { details: { retryAfterSeconds: seconds }, retryAfterSeconds: seconds }),
        });
      }
      case "cut":
      case "blackhole":
        exchange.fault = fault;
        if (fault.afterEvents === undefined) exchange.cutAfter(fault.afterBytes ?? 0);
        return false;
      case "ignore-initial-events":
        exchange.query.delete("sendInitialEvents");
        exchange.query.delete("resourceVersionMatch");
        return false;
      case "go-away":
        exchange.fault = fault;
        exchange.askToLeave();
        return false;
      default:
        exchange.fault = fault;
        return false;
    }
  }

  async #serve(exchange: Exchange, info: RequestInfo, receivedAt: number): Promise<void> {
    const { access, registry, audit } = this.#parts;
    const attributes = attributesOf(info, exchange.query);
    if (audit !== undefined) exchange.keepRecord(audit.begin(exchange.request, info, attributes, receivedAt));
    exchange.user = this.#identify(exchange, attributes);
    const decision = access.authorize(exchange.user, attributes);
    exchange.record?.authorize(decision);
    if (!decision.allowed) throw deniedRequest(exchange.user, attributes, decision.reason);
    if (!info.isResource) {
      if (answerKeySet(exchange, access)) return;
      if (!answerDiscovery(exchange, registry, exchange.request.headers.host ?? "")) sendPageNotFound(exchange);
      return;
    }
    const resource = registry.find(info.group, info.version, info.plural);
    if (resource === undefined) {
      if (!registry.hasBuiltInGroup(info.group)) {
        sendPageNotFound(exchange);
        return;
      }
      throw unknownResource();
    }
    checkAddress(resource, info);
    if (resource.deprecationWarning !== undefined) {
      exchange.warn(resource.deprecationWarning);
      exchange.record?.annotate("k8s.io/deprecated", "true");
    }
    if (!READS[info.verb]) await resource.rules?.().prepare?.();
    await this.#dispatch(exchange, info, resource);
  }

  /** The identity under which a request goes on. @throws ApiRefusal 400, 401, 403 (impersonation) */
  #identify({ request, record }: Exchange, attributes: RequestAttributes): UserInfo {
    const { access } = this.#parts;
    let requester: UserInfo;
    try {
      requester = access.authenticate(request);
    } catch (error) {
      record?.refuseCredentials();
      throw error;
    }
    record?.receive(requester);
    const other = access.impersonate(request, requester, attributes);
    if (other !== undefined) record?.impersonate(other.user, other.constraint);
    return other?.user ?? requester;
  }

  #dispatch(exchange: Exchange, info: RequestInfo, resource: ServedResource): Promise<void> {
    const { reader, mutations } = this.#parts;
    if (info.verb === "create" && info.name === "" && resource.handleCreate !== undefined) {
      return mutations.serveSubresource(exchange, info, resource, resource.handleCreate);
    }
    if (resource.handleCreate !== undefined) throw methodNotAllowed();
    if (info.subresource !== "") {
      const handler = subresourceOf(resource, info.subresource);
      const verbs = handler?.verbs ?? ["get", "patch", "update"];
      if (!verbs.includes(info.verb)) throw methodNotAllowed();
      if (handler?.handle !== undefined) return mutations.serveSubresource(exchange, info, resource, handler.handle);
    }
    switch (info.verb) {
      case "get":
        return reader.get(exchange, info, resource);
      case "list":
        return reader.list(exchange, info, resource);
      case "watch":
        return reader.watch(exchange, info, resource);
      case "create":
        return mutations.create(exchange, info, resource);
      case "update":
        return mutations.update(exchange, info, resource);
      case "patch":
        return mutations.patch(exchange, info, resource);
      case "delete":
        return mutations.delete(exchange, info, resource);
      case "deletecollection":
        return mutations.deleteCollection(exchange, info, resource);
      default:
        throw methodNotAllowed();
    }
  }

  #answerError(exchange: Exchange, error: unknown): void {
    if (exchange.isOver || exchange.response.headersSent) {
      exchange.response.destroy();
      return;
    }
    const { request } = exchange;
    if (!request.complete) request.resume();
    exchange.sendRefusal(
      error instanceof ApiRefusal
        ? error
        : refusal(500, "InternalError", `Internal error occurred: ${String(error)}`, {
            details: { causes: [{ message: String(error) }] },
          }),
    );
  }
}

/** A request line may hold anything; what is no path leads to the root. */
function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? "/";
  return URL.parse(`https://kube-sim${target.startsWith("/") ? target : "/"}`) ?? new URL("https://kube-sim/");
}

/** Namespaced objects live in a namespace, others do not, and only known sub-resources exist. */
function checkAddress(resource: ServedResource, info: RequestInfo): void {
  const isKnown =
    info.subresource === "" ||
    (info.subresource === "status" && resource.hasStatus === true) ||
    subresourceOf(resource, info.subresource) !== undefined;
  if (!isKnown) throw resource.isCustom === true ? notFound(resource, info.name) : unknownResource();
  if (!resource.namespaced && info.namespace !== "") throw unknownResource();
  if (resource.namespaced && info.name !== "" && info.namespace === "") throw unknownResource();
}

function sendPageNotFound(exchange: Exchange): void {
  exchange.request.resume();
  exchange.sendText(404, "text/plain; charset=utf-8", "404 page not found\n");
}
