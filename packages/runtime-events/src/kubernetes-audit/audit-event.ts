import { isObject, numberOf, objectOf, textOf, type JsonObject } from "../json-object.ts";

/**
 * When in the life of a request an event was written. `ResponseStarted` comes for requests that last: watch, exec, attach, port-forward.
 *
 * @public
 */
export type AuditStage = "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic";

/**
 * What an API server wrote about one stage of one request, `audit.k8s.io/v1`. Texts are as received, so nothing in it is redacted.
 *
 * @see kubernetes/apiserver `pkg/apis/audit/v1/types.go`
 *
 * @public
 */
export interface KubernetesAuditEvent {
  /** The same for all stages of a request. Clients may choose it, so it is no proof of identity. */
  readonly auditId: string;
  readonly stage: AuditStage;
  /** With its query. */
  readonly requestUri: string;
  readonly verb: string;
  /** Who was authenticated; empty when nobody was. */
  readonly user: string;
  readonly groups: readonly string[];
  /** As whom the request was made; empty without impersonation. */
  readonly impersonatedUser: string;
  /** The closest to the client first; all but the last can be forged. */
  readonly sourceIps: readonly string[];
  readonly userAgent: string;
  /** Plural; empty for requests that are not about a resource. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** HTTP status; 0 when there is none yet. */
  readonly responseCode: number;
  /** RFC 3339 with microseconds: when the request came, and when this stage was reached. */
  readonly receivedAt: string;
  readonly stageAt: string;
  /** Undefined when the policy leaves it out, and when it is larger than 64 KiB. */
  readonly requestObject: JsonObject | undefined;
}

/**
 * Members that are left out of an event beyond this many bytes before it is parsed: what the server answered is never needed.
 *
 * @internal
 */
export const optionalMembers: ReadonlyMap<string, number> = new Map<string, number>([
  ["requestObject", 65_536],
  ["responseObject", 0],
]);

/**
 * Reads an event.
 *
 * @returns undefined when it is not one: not an object, another kind, or without id or stage.
 * @internal
 */
export function readAuditEvent(value: unknown): KubernetesAuditEvent | undefined {
  if (!isObject(value)) return undefined;
  // Items of a list may leave kind and version out.
  if (!isOneOf(value["kind"], "Event") || !isOneOf(value["apiVersion"], "audit.k8s.io/v1")) return undefined;
  const auditId = textOf(value, "auditID");
  const stage = textOf(value, "stage");
  if (auditId === "" || !isStage(stage)) return undefined;
  const user = objectOf(value, "user") ?? {};
  const reference = objectOf(value, "objectRef") ?? {};
  const sourceIps = value["sourceIPs"];
  const groups = user["groups"];
  return {
    auditId,
    stage,
    requestUri: textOf(value, "requestURI"),
    verb: textOf(value, "verb"),
    user: textOf(user, "username"),
    groups: Array.isArray(groups) ? groups.filter(isText) : [],
    impersonatedUser: textOf(objectOf(value, "impersonatedUser") ?? {}, "username"),
    sourceIps: Array.isArray(sourceIps) ? sourceIps.filter(isText) : [],
    userAgent: textOf(value, "userAgent"),
    resource: textOf(reference, "resource"),
    subresource: textOf(reference, "subresource"),
    namespace: textOf(reference, "namespace"),
    name: textOf(reference, "name"),
    responseCode: numberOf(objectOf(value, "responseStatus") ?? {}, "code", 0),
    receivedAt: textOf(value, "requestReceivedTimestamp"),
    stageAt: textOf(value, "stageTimestamp"),
    requestObject: objectOf(value, "requestObject"),
  };
}

function isOneOf(value: unknown, wanted: string): boolean {
  return value === undefined || value === "" || value === wanted;
}

function isStage(text: string): text is AuditStage {
  return text === "RequestReceived" || text === "ResponseStarted" || text === "ResponseComplete" || text === "Panic";
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
