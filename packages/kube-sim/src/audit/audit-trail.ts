import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Decision } from "../authorization/rbac-authorizer.ts";
import type { RequestAttributes } from "../authorization/request-attributes.ts";
import { presentUser, type UserInfo } from "../authorization/user-info.ts";
import { isJsonRecord, textOf, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { RuledResource } from "../resources/kind-rules.ts";
import type { AuditEvent } from "./audit-event.ts";
import type { AuditLevel, AuditPolicy, AuditStage } from "./audit-policy.ts";
import { requestedObject, withoutManagedFields } from "./audited-objects.ts";
import { decideAudit, type AuditDecision } from "./decide-audit.ts";
import { sourceAddresses } from "./source-addresses.ts";

const RANKS: Readonly<Record<AuditLevel, number>> = { None: 0, Metadata: 1, Request: 2, RequestResponse: 3 };
/** Sub-resources whose answers last. */
const LONG_RUNNING: Readonly<Record<string, true>> = {
  attach: true,
  exec: true,
  log: true,
  portforward: true,
  proxy: true,
};
const MAX_ID_LENGTH = 64;
/** A prefix that is a domain, and a name. */
const QUALIFIED_KEY =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const CLOSED_EARLY = { metadata: {}, status: "Success", message: "Connection closed early", code: 200 };

/** What the record of one request is made of. */
export interface AuditTrailParts {
  readonly policy: AuditPolicy;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
  readonly write: (event: AuditEvent) => void;
  readonly request: IncomingMessage;
  /** Of the API that is asked; "" outside resources. */
  readonly version: string;
  readonly attributes: RequestAttributes;
  readonly receivedAt: number;
  /** Called after the last event. */
  readonly onEnd: () => void;
}

/**
 * The record of one request: gathers what is known and writes it, stage by stage, as far as the policy wants it.
 *
 * @see k8s.io/apiserver v0.36.3 pkg/endpoints/filters/audit.go, pkg/audit
 */
export class AuditTrail {
  /** The client's `Audit-Id`, or a new one. */
  readonly id: string;
  readonly #parts: AuditTrailParts;
  readonly #isLong: boolean;
  /** Undefined before anybody asked, and for those whose credentials were refused after the answer to that. */
  #decision: AuditDecision | undefined;
  #isAuthenticated = true;
  #requester: UserInfo | undefined;
  #impersonated: { readonly user: UserInfo; readonly constraint: string } | undefined;
  readonly #reference: Record<string, string>;
  #status: JsonRecord | undefined;
  #sent: unknown;
  #answered: unknown;
  readonly #annotations = new Map<string, string>();

  constructor(parts: AuditTrailParts) {
    const { attributes, request, version } = parts;
    this.#parts = parts;
    this.id = request.headers["audit-id"]?.toString().slice(0, MAX_ID_LENGTH) || randomUUID();
    this.#isLong =
      attributes.verb === "watch" || (attributes.isResource && LONG_RUNNING[attributes.subresource] === true);
    this.#reference = attributes.isResource
      ? {
          resource: attributes.resource,
          namespace: attributes.namespace,
          name: attributes.name,
          uid: "",
          apiGroup: attributes.group,
          apiVersion: version,
          resourceVersion: "",
          subresource: attributes.subresource,
        }
      : {};
  }

  /** Whole answers are recorded. */
  get wantsAnswer(): boolean {
    return this.#reaches("RequestResponse");
  }

  /** Who asks is known. Writes the first stage. */
  receive(requester: UserInfo): void {
    const { policy, attributes, receivedAt } = this.#parts;
    this.#requester = requester;
    this.#decision = decideAudit(policy, attributes, requester);
    this.#write("RequestReceived", receivedAt);
  }

  /** Nobody could be made out: only the head of the refusal is recorded. */
  refuseCredentials(): void {
    const { policy, attributes } = this.#parts;
    this.#isAuthenticated = false;
    this.#decision = decideAudit(policy, attributes, undefined);
  }

  /** The requester acts as somebody else. `constraint`: the verb that allowed it, "" for the old one. */
  impersonate(user: UserInfo, constraint: string): void {
    this.#impersonated = { user, constraint };
  }

  authorize({ allowed, reason }: Decision): void {
    this.annotate("authorization.k8s.io/decision", allowed ? "allow" : "forbid");
    this.annotate("authorization.k8s.io/reason", reason);
  }

  /** Adds an annotation from a level on. The first value of a key stays; a key without a domain is dropped. */
  annotate(key: string, value: string, from: AuditLevel = "Metadata"): void {
    if (!this.#reaches(from) || this.#annotations.has(key) || !QUALIFIED_KEY.test(key)) return;
    this.#annotations.set(key, value);
  }

  /** An object that was sent, decoded. `resource`: whose defaults it gets; `text`: the body it was in. */
  takeObject(object: KubeObject, resource: RuledResource | undefined, text: string): void {
    if (!this.#reaches("Metadata")) return;
    const { metadata } = object;
    const reference = this.#reference;
    if (reference["namespace"] === "") reference["namespace"] = textOf(metadata.namespace);
    if (reference["name"] === "") reference["name"] = textOf(metadata.name);
    if (reference["uid"] === "") reference["uid"] = textOf(metadata.uid);
    if (reference["resourceVersion"] === "") reference["resourceVersion"] = textOf(metadata.resourceVersion);
    if (this.#reaches("Request")) this.#sent = this.#trimmed(requestedObject(object, resource, text));
  }

  /** The options of a deletion that were sent; "" for none. */
  takeDeleteOptions(text: string): void {
    const options = this.#reaches("Request") ? parse(text) : undefined;
    if (!isJsonRecord(options)) return;
    this.#sent = { ...options, kind: "DeleteOptions", apiVersion: "meta.k8s.io/__internal" };
  }

  /** A patch that was sent, as JSON. */
  takePatch(text: string): void {
    if (this.#reaches("Request")) this.#sent = parse(text);
  }

  /** An answer that is an object. */
  answer(value: unknown): void {
    if (!this.#reaches("Metadata") || !isJsonRecord(value) || value["kind"] === undefined) return;
    if (value["kind"] === "Status") {
      const { status, message, reason, details, code } = value;
      const parts = Object.entries({ status, message, reason, details, code });
      this.#status = { metadata: {}, ...Object.fromEntries(parts.filter(([, part]) => part !== undefined)) };
    }
    if (this.wantsAnswer) this.#answered = this.#trimmed(structuredClone(value));
  }

  /** The head of the answer goes out. */
  start(code: number): void {
    const { code: _code, ...status } = this.#status ?? { metadata: {} };
    this.#status = { ...status, code };
    if (this.#isLong || !this.#isAuthenticated) this.#write("ResponseStarted", this.#parts.now());
  }

  /** The answer is complete, or its connection gone; safe to call twice. */
  complete(): void {
    this.#parts.onEnd();
    if (this.#decision === undefined) return;
    const now = this.#parts.now();
    const isEarly = this.#status === undefined;
    this.#status ??= CLOSED_EARLY;
    if (isEarly && this.#isLong) this.#write("ResponseStarted", now);
    if (this.#isAuthenticated) this.#write("ResponseComplete", now);
    this.#decision = undefined;
  }

  #reaches(level: AuditLevel): boolean {
    return RANKS[this.#decision?.level ?? "None"] >= RANKS[level];
  }

  #trimmed(value: unknown): unknown {
    return this.#decision?.omitsManagedFields === true ? withoutManagedFields(value) : value;
  }

  #write(stage: AuditStage, at: number): void {
    const decision = this.#decision;
    if (decision === undefined || decision.level === "None" || decision.omits(stage)) return;
    const { request, attributes, receivedAt, write } = this.#parts;
    const agent = request.headers["user-agent"] ?? "";
    const annotations = [...this.#annotations].sort(([a], [b]) => (a < b ? -1 : 1));
    const impersonated = this.#impersonated;
    const isReceived = stage === "RequestReceived";
    write({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: decision.level,
      auditID: this.id,
      stage,
      requestURI: request.url ?? "/",
      verb: attributes.verb,
      user: this.#requester === undefined ? {} : presentUser(this.#requester),
      ...(impersonated === undefined ? {} : { impersonatedUser: presentUser(impersonated.user) }),
      ...(impersonated === undefined || impersonated.constraint === ""
        ? {}
        : { authenticationMetadata: { impersonationConstraint: impersonated.constraint } }),
      sourceIPs: sourceAddresses(request),
      ...(agent === "" ? {} : { userAgent: agent }),
      ...(attributes.isResource ? { objectRef: filled(this.#reference) } : {}),
      ...(isReceived || this.#status === undefined ? {} : { responseStatus: this.#status }),
      ...(this.#sent === undefined ? {} : { requestObject: this.#sent }),
      ...(this.#answered === undefined ? {} : { responseObject: this.#answered }),
      requestReceivedTimestamp: timestamp(receivedAt),
      stageTimestamp: timestamp(at),
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    });
  }
}

function filled(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ""));
}

/** RFC 3339 with microseconds. */
function timestamp(ms: number): string {
  const micros = Math.floor((ms - Math.floor(ms)) * 1000);
  return new Date(Math.floor(ms)).toISOString().replace("Z", `${String(micros).padStart(3, "0")}Z`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The request is refused for it; there is no object to record.
    return undefined;
  }
}
