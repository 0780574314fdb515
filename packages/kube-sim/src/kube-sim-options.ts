import type { Clock } from "@kinglet/lifecycle";
import type { AuditEvent } from "./audit/audit-event.ts";
import type { AuditPolicy } from "./audit/audit-policy.ts";
import type { SimUser } from "./authorization/user-info.ts";
import type { SimResource } from "./resources/sim-resource.ts";

/**
 * How a simulator is opened. Everything has a default.
 *
 * @public
 */
export interface KubeSimOptions {
  /** Port on 127.0.0.1. @defaultValue 0: any free one */
  readonly port?: number;
  /** HTTPS with a certificate made for this simulator; false serves plain HTTP. @defaultValue true */
  readonly tls?: boolean;
  /** Offer HTTP/2 beside HTTP/1.1; needs `tls`. @defaultValue true */
  readonly http2?: boolean;
  /** Time between bookmarks on a watch that asks for them, milliseconds, ≥ 1. @defaultValue 60000 */
  readonly bookmarkIntervalMs?: number;
  /** Events remembered per resource, ≥ 1; a watch from before them gets an in-stream 410. @defaultValue 10000 */
  readonly watchHistory?: number;
  /** How long they are remembered, milliseconds, ≥ 1; the real server compacts as often. @defaultValue 300000 */
  readonly watchHistoryMs?: number;
  /**
   * Time from the acceptance of a definition's names to its condition `Established`, milliseconds, 0 to 2147483647; its kind is served
   * from then on. A real server in several replicas takes 5000. @defaultValue 0: both in one go
   */
  readonly establishDelayMs?: number;
  /** How long an Event lives after it was last written, milliseconds, 1 to 2147483647. @defaultValue 3600000 */
  readonly eventTtlMs?: number;
  /** Requests the journal remembers, ≥ 1. @defaultValue 10000 */
  readonly journalEntries?: number;
  /** Bearer tokens besides the administrator's. */
  readonly tokens?: Readonly<Record<string, SimUser>>;
  /** The authority whose client certificates count: the common name is the user, the organisations are groups. Needs `tls`. @defaultValue none is asked for */
  readonly clientAuthorityPem?: string;
  /**
   * `rbac`: users may do what the stored roles and bindings allow, the group `system:masters` everything; the roles that every cluster
   * starts with are there. `allow-all`: known users may do everything, the anonymous one may ask for health and version.
   *
   * @defaultValue `rbac` when any of the tokens names `groups`, else `allow-all`
   */
  readonly authorization?: "rbac" | "allow-all";
  /** The administrator's bearer token; his other properties when `tokens` has it too. @defaultValue a random one */
  readonly adminToken?: string;
  /**
   * Where an admission webhook given as a Service really listens: `HOST:PORT`. The certificate is checked for `NAME.NAMESPACE.svc`
   * all the same. Calls to a Service without an answer fail. @defaultValue no Service has one
   */
  readonly resolveService?: (namespace: string, name: string, port: number) => string | undefined;
  /**
   * An audit log: what the policy wants to know of requests, in the format and with the shape of the real server's events. `write` gets
   * each event once, in order, before the client gets the end of the answer; it must not throw. @defaultValue none
   */
  readonly audit?: { readonly policy: AuditPolicy; readonly write: (event: AuditEvent) => void };
  /** Resources served without a CustomResourceDefinition, as an aggregated API serves them. */
  readonly extraResources?: readonly SimResource[];
  /** The version number before the first write; up to 20 digits. @defaultValue "1000" */
  readonly firstResourceVersion?: string;
  readonly clock?: Clock;
  /** Numbers in [0, 1) for generated names. @defaultValue Math.random */
  readonly random?: () => number;
}
