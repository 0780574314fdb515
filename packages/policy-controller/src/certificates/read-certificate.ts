import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyedCertificate } from "./certificate-issuer.ts";

/** What a certificate says, as far as renewing it needs it. */
export interface CertificateFacts {
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** DNS names of its subject alternative names, sorted. */
  readonly dnsNames: readonly string[];
  /** Whether the authority signed it. */
  isSignedBy(authority: string): boolean;
}

/** Longest PEM that is read, characters. */
const maxPemLength = 65_536;

/**
 * Reads one certificate; undefined for what is none, is longer than 64 KiB, or does not fit its key. Never throws: a Secret may hold anything.
 */
export function readCertificate({ certificate, key }: Partial<KeyedCertificate>): CertificateFacts | undefined {
  if (certificate === undefined || certificate.length > maxPemLength || (key ?? "").length > maxPemLength)
    return undefined;
  try {
    const parsed = new X509Certificate(certificate);
    if (key !== undefined && !parsed.checkPrivateKey(createPrivateKey(key))) return undefined;
    return {
      notBefore: Date.parse(parsed.validFrom),
      notAfter: Date.parse(parsed.validTo),
      dnsNames: (parsed.subjectAltName ?? "")
        .split(", ")
        .flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []))
        .toSorted(),
      isSignedBy: (authority) => isSignedBy(parsed, authority),
    };
  } catch {
    return undefined;
  }
}

function isSignedBy(certificate: X509Certificate, authority: string): boolean {
  try {
    const signer = new X509Certificate(authority);
    return certificate.checkIssued(signer) && certificate.verify(signer.publicKey);
  } catch {
    return false;
  }
}
