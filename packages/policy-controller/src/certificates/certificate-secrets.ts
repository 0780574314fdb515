import type { KeyedCertificate } from "./certificate-issuer.ts";
import { trustedBundle, type CertificateState } from "./certificate-state.ts";

/** A Secret, as far as it is read. */
export interface StoredSecret {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Longest value that is read, characters of base64. */
const maxValueLength = 131_072;

/**
 * Puts together what two Secrets hold: one with the keys of the authorities, for this controller alone, and one for those who serve.
 *
 * Whatever is missing, too long or no text is undefined; what is no certificate shows when it is renewed.
 */
export function readCertificateState(
  authorities: StoredSecret | undefined,
  serving: StoredSecret | undefined,
): CertificateState {
  const authority = keyed(authorities, "ca.crt", "ca.key");
  const next = keyed(authorities, "next.crt", "next.key");
  const nextSince = time(authorities, "next-since");
  const previous = text(authorities, "previous.crt");
  const served = keyed(serving, "tls.crt", "tls.key");
  const servedTrust = text(serving, "ca.crt");
  return {
    ...(authority === undefined ? {} : { authority }),
    ...(next === undefined ? {} : { next: { ...next, ...(nextSince === undefined ? {} : { since: nextSince }) } }),
    ...(previous === undefined
      ? {}
      : { previous: { certificate: previous, since: time(authorities, "previous-since") ?? 0 } }),
    ...(served === undefined ? {} : { serving: served }),
    ...(servedTrust === undefined ? {} : { servedTrust }),
  };
}

/** The content of the Secret with the authorities' keys. */
export function authoritiesData({ authority, next, previous }: CertificateState): Readonly<Record<string, string>> {
  return encode({
    "ca.crt": authority?.certificate,
    "ca.key": authority?.key,
    "next.crt": next?.certificate,
    "next.key": next?.key,
    "next-since": next?.since === undefined ? undefined : new Date(next.since).toISOString(),
    "previous.crt": previous?.certificate,
    "previous-since": previous === undefined ? undefined : new Date(previous.since).toISOString(),
  });
}

/** The content of the Secret that servers mount; `ca.crt` is what their clients trust. */
export function servingData(state: CertificateState): Readonly<Record<string, string>> {
  return encode({
    "tls.crt": state.serving?.certificate,
    "tls.key": state.serving?.key,
    "ca.crt": trustedBundle(state),
  });
}

/** Whether a Secret holds exactly this. */
export function hasData(secret: StoredSecret | undefined, data: Readonly<Record<string, string>>): boolean {
  const stored = secret?.data ?? {};
  const keys = Object.keys(data);
  return Object.keys(stored).length === keys.length && keys.every((key) => stored[key] === data[key]);
}

function encode(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) data[key] = Buffer.from(value, "utf8").toString("base64");
  }
  return data;
}

function text(secret: StoredSecret | undefined, key: string): string | undefined {
  const value: unknown = secret?.data?.[key];
  if (typeof value !== "string" || value === "" || value.length > maxValueLength) return undefined;
  return Buffer.from(value, "base64").toString("utf8");
}

function keyed(secret: StoredSecret | undefined, certificate: string, key: string): KeyedCertificate | undefined {
  const values = [text(secret, certificate), text(secret, key)];
  return values[0] === undefined || values[1] === undefined ? undefined : { certificate: values[0], key: values[1] };
}

function time(secret: StoredSecret | undefined, key: string): number | undefined {
  const value = Date.parse(text(secret, key) ?? "");
  return Number.isNaN(value) ? undefined : value;
}
