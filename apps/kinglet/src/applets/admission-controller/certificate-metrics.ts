import { X509Certificate } from "node:crypto";
import { certificateExpiry, certificateReloads } from "@kinglet/admission";
import type { Metrics } from "@kinglet/metrics";

/** Tells the metrics about the serving certificate. */
export interface CertificateMetrics {
  loaded(certificatePem: string): void;
  failed(): void;
  /** When the certificate in use ends, RFC 3339; empty while there is none. Read from it when it is asked for. */
  expires(): string;
}

/** @internal */
export function certificateMetrics(metrics: Metrics): CertificateMetrics {
  const expiry = metrics.gauge(certificateExpiry);
  const reloads = metrics.counter(certificateReloads);
  let current = "";
  const endMs = (): number => Date.parse(new X509Certificate(current).validTo);
  metrics.onCollect(() => {
    if (current !== "") expiry.set(endMs() / 1000);
  });
  return {
    loaded(certificatePem) {
      current = certificatePem;
      reloads.add(1, { result: "loaded" });
    },
    failed: () => reloads.add(1, { result: "failed" }),
    expires: () => (current === "" ? "" : new Date(endMs()).toISOString()),
  };
}
