import type { IncomingMessage } from "node:http";
import type { Clock } from "@kinglet/lifecycle";
import type { RequestAttributes } from "../authorization/request-attributes.ts";
import type { RequestInfo } from "../requests/request-info.ts";
import type { AuditEvent } from "./audit-event.ts";
import type { AuditPolicy } from "./audit-policy.ts";
import { AuditTrail } from "./audit-trail.ts";
import { checkAuditPolicy } from "./check-audit-policy.ts";

/** What an audit log is made of. */
export interface AuditLogOptions {
  readonly policy: AuditPolicy;
  readonly write: (event: AuditEvent) => void;
}

/** Writes what a policy wants to know of requests, until {@link AuditLog.close}. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #clock: Clock;
  readonly #open = new Set<AuditTrail>();
  #isClosed = false;

  /** @throws KINGLET_ERR_KUBE_SIM_AUDIT_POLICY */
  constructor(options: AuditLogOptions, clock: Clock) {
    checkAuditPolicy(options.policy);
    this.#options = options;
    this.#clock = clock;
  }

  /** The record of a request that has come in, as yet of nobody. `receivedAt`: milliseconds since 1970-01-01 UTC. */
  begin(request: IncomingMessage, info: RequestInfo, attributes: RequestAttributes, receivedAt: number): AuditTrail {
    const trail: AuditTrail = new AuditTrail({
      policy: this.#options.policy,
      now: () => this.#clock.now(),
      write: (event) => {
        if (!this.#isClosed) this.#options.write(event);
      },
      onEnd: () => this.#open.delete(trail),
      request,
      version: info.version,
      attributes,
      receivedAt,
    });
    this.#open.add(trail);
    return trail;
  }

  /** Ends the records of requests that are still open; nothing is written after this. */
  close(): void {
    for (const trail of [...this.#open]) trail.complete();
    this.#isClosed = true;
  }
}
