import type { KeyedCertificate } from "./certificate-issuer.ts";

/**
 * Everything about the certificates of a webhook that outlives a process.
 *
 * `authority` signs. `next` is trusted already and signs once everybody trusts it; `previous` signs no more and is trusted until nobody serves what it signed.
 */
export interface CertificateState {
  readonly authority?: KeyedCertificate;
  readonly next?: KeyedCertificate & {
    /** Since when every webhook's `caBundle` holds it, milliseconds since 1970; undefined until that was seen. */
    readonly since?: number;
  };
  readonly previous?: {
    /** One certificate; several after the Secret of the authorities was lost. */
    readonly certificate: string;
    /** Since when no certificate of it is handed out, milliseconds since 1970. */
    readonly since: number;
  };
  readonly serving?: KeyedCertificate;
  /** What clients were told to trust when `serving` was stored, PEM: the only trace of an authority whose Secret is lost. */
  readonly servedTrust?: string;
}

/** How long certificates live and how long the old one stays beside the new one. All in milliseconds. @public */
export interface CertificateTimes {
  /** Lifetime of an authority. */
  readonly authorityMs: number;
  /** Lifetime of a serving certificate; never beyond its authority's. */
  readonly servingMs: number;
  /** Longest time until every API server knows a new `caBundle`, and every server its new certificate. */
  readonly overlapMs: number;
  /** How far clocks may disagree: certificates are valid from that long ago. */
  readonly skewMs: number;
}

/** A year, 90 days, an hour (a kubelet brings a changed Secret within minutes) and five minutes. @public */
export const defaultCertificateTimes: CertificateTimes = {
  authorityMs: 365 * 86_400_000,
  servingMs: 90 * 86_400_000,
  overlapMs: 3_600_000,
  skewMs: 300_000,
};

/**
 * The PEM bundle that clients of the webhook have to trust now: the authority that signs, the one that will, and the one that did.
 */
export function trustedBundle({ authority, next, previous }: CertificateState): string {
  return [authority, next, previous]
    .flatMap((one) => (one === undefined ? [] : [one.certificate.trimEnd()]))
    .map((pem) => `${pem}\n`)
    .join("");
}
