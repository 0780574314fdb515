import type { CertificateState, CertificateTimes } from "./certificate-state.ts";

/** What renewing needs to know. @public */
export interface RenewalRequest {
  /** Names under which the API server calls the webhook: `service.namespace.svc` and its longer forms. */
  readonly dnsNames: readonly string[];
  readonly times: CertificateTimes;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether every webhook configuration trusts the next authority already; false when there is none. */
  readonly isNextTrusted: boolean;
}

/** The state after a step. @public */
export interface Renewal {
  readonly state: CertificateState;
  /** Why it changed, one sentence a change; empty when it did not. */
  readonly reasons: readonly string[];
  /** When to look again, milliseconds since 1970. */
  readonly nextCheck: number;
}

/** Brings certificates up to date, one step: see `renewCertificates`. @public */
export type CertificateRenewer = (stored: CertificateState, request: RenewalRequest) => Promise<Renewal>;
