import type { CertificateIssuer, KeyedCertificate } from "./certificate-issuer.ts";
import type { CertificateState, CertificateTimes } from "./certificate-state.ts";
import { readCertificate, type CertificateFacts } from "./read-certificate.ts";

/** What renewing works with. */
export interface RenewalContext {
  readonly issuer: CertificateIssuer;
  /** Names under which the API server calls the webhook: `service.namespace.svc` and its longer forms. */
  readonly dnsNames: readonly string[];
  readonly times: CertificateTimes;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether every webhook configuration trusts this authority already. */
  isTrusted(authority: string): boolean;
}

/** Authorities that stay trusted after their Secret was lost: more than a rotation that was interrupted by a loss leaves. */
const maxFormer = 4;

/** The state after a step. */
export interface Renewal {
  readonly state: CertificateState;
  /** Why it changed, one sentence a change; empty when it did not. */
  readonly reasons: readonly string[];
  /** When to look again, milliseconds since 1970. */
  readonly nextCheck: number;
}

/**
 * Brings the certificates of a webhook up to date: one step, to be repeated at `nextCheck` and whenever what is stored changes.
 *
 * Guarantees, as long as every client acts on a changed webhook configuration and every server on its new certificate within `overlapMs`, and what is returned
 * is stored (the serving certificate first): at every moment every certificate in use
 * verifies against every bundle in use, also while the authority changes. A new authority is trusted for `overlapMs` before it signs, an old one for
 * `overlapMs` after it has signed last. Both kinds are renewed after two thirds of their lifetime. What is damaged, expired or does not fit is replaced at
 * once, because nobody can be served with it. An authority that was lost stays trusted for `overlapMs`, if the Secret of those who serve is still there to say which it was.
 *
 * Does nothing twice: without a reason the given state is returned, and no key is made. Loads the issuer only to issue.
 */
export async function renewCertificates(stored: CertificateState, context: RenewalContext): Promise<Renewal> {
  const { now, times } = context;
  const reasons: string[] = [];
  let state = withoutUnusable(stored, context, reasons);
  const authority = state.authority === undefined ? undefined : readCertificate(state.authority);
  if (state.authority === undefined || authority === undefined) {
    reasons.push("there is no authority that can be used");
    state = withFormer({ ...withoutNext(state), authority: state.next ?? (await issueAuthority(context)) }, now);
  } else if (state.next !== undefined && state.next.since === undefined) {
    if (context.isTrusted(state.next.certificate)) {
      reasons.push("every webhook configuration trusts the next authority");
      state = { ...state, next: { ...state.next, since: now } };
    }
  } else if (state.next?.since !== undefined && now - state.next.since >= times.overlapMs) {
    reasons.push("the next authority is trusted everywhere and signs from now on");
    const { certificate, key } = state.next;
    const previous = { certificate: state.authority.certificate, since: now };
    state = { ...withoutNext(state), authority: { certificate, key }, previous };
  } else if (state.next === undefined && state.previous === undefined && now >= renewalTime(authority)) {
    reasons.push("the authority has lived two thirds of its time: the next one is to be trusted first");
    state = { ...state, next: await issueAuthority(context) };
  }
  const why = whyNewServing(state, context);
  if (why !== undefined) {
    reasons.push(why);
    state = { ...state, serving: await issueServing(state, context) };
  }
  return { state: reasons.length === 0 ? stored : state, reasons, nextCheck: nextCheck(state, context) };
}

/** Leaves out what is damaged, has expired, or has been trusted long enough. */
function withoutUnusable(state: CertificateState, { now, times }: RenewalContext, reasons: string[]): CertificateState {
  let usable = state;
  const isUsable = (one: Partial<KeyedCertificate> | undefined): boolean =>
    one === undefined || now < (readCertificate(one)?.notAfter ?? 0);
  if (!isUsable(state.authority)) usable = withoutAuthority(usable);
  if (!isUsable(state.next)) {
    reasons.push("the next authority cannot be used");
    usable = withoutNext(usable);
  }
  const { previous } = state;
  if (
    previous !== undefined &&
    (now - previous.since >= times.overlapMs || !isUsable({ certificate: previous.certificate }))
  ) {
    reasons.push("nobody serves a certificate of the previous authority any more");
    const { previous: _, ...rest } = usable;
    usable = rest;
  }
  return usable;
}

/** Keeps trust in what was served until now, when the authority that signed it is lost: servers get their new certificate only minutes later. */
function withFormer(state: CertificateState, now: number): CertificateState {
  const pems = state.servedTrust?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const former = pems
    .filter((certificate) => certificate !== state.authority?.certificate.trimEnd())
    .filter((certificate) => now < (readCertificate({ certificate })?.notAfter ?? 0))
    .slice(0, maxFormer);
  if (former.length === 0) return state;
  return { ...state, previous: { certificate: `${former.join("\n")}\n`, since: now } };
}

function withoutAuthority({ authority: _, ...rest }: CertificateState): CertificateState {
  return rest;
}

function withoutNext({ next: _, ...rest }: CertificateState): CertificateState {
  return rest;
}

function whyNewServing(state: CertificateState, { now, dnsNames }: RenewalContext): string | undefined {
  const serving = state.serving === undefined ? undefined : readCertificate(state.serving);
  if (serving === undefined) return "there is no serving certificate that can be used";
  if (!serving.isSignedBy(state.authority?.certificate ?? "")) return "the serving certificate is of another authority";
  if (now >= renewalTime(serving)) return "the serving certificate has lived two thirds of its time";
  const names = dnsNames.toSorted();
  const isSame = names.length === serving.dnsNames.length && names.every((name, at) => name === serving.dnsNames[at]);
  return isSame ? undefined : `the serving certificate is for ${serving.dnsNames.join(", ") || "no name"}`;
}

function issueAuthority({ issuer, now, times }: RenewalContext): Promise<KeyedCertificate> {
  return issuer.issue({
    // The day tells two authorities apart where people look at them.
    commonName: `kinglet webhooks ${new Date(now).toISOString().slice(0, 10)}`,
    dnsNames: [],
    notBefore: now - times.skewMs,
    notAfter: now + times.authorityMs,
  });
}

function issueServing(state: CertificateState, context: RenewalContext): Promise<KeyedCertificate> {
  const { issuer, now, times, dnsNames } = context;
  const authority = state.authority as KeyedCertificate;
  return issuer.issue({
    commonName: (dnsNames[0] ?? "kinglet").slice(0, 64),
    dnsNames,
    notBefore: now - times.skewMs,
    notAfter: Math.min(now + times.servingMs, readCertificate(authority)?.notAfter ?? 0),
    authority,
  });
}

/** Two thirds of a certificate's lifetime. */
function renewalTime({ notBefore, notAfter }: CertificateFacts): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}

function nextCheck({ authority, serving, next, previous }: CertificateState, { now, times }: RenewalContext): number {
  const renewals = [serving, next === undefined && previous === undefined ? authority : undefined].flatMap((one) => {
    const facts = one === undefined ? undefined : readCertificate(one);
    return facts === undefined ? [] : [renewalTime(facts)];
  });
  const overlaps = [next, previous].flatMap((one) => (one === undefined ? [] : [(one.since ?? now) + times.overlapMs]));
  return Math.min(...renewals, ...overlaps);
}
