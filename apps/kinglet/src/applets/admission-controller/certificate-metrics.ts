import { X509Certificate } from "node:crypto";
import { certificateExpiry, certificateReloads } from "@kinglet/admission";
import type { Metrics } from "@kinglet/metrics";

/** Tells the metrics about the serving certificate. */
export interface CertificateMetrics {
  /** @returns when it ends, RFC 3339. */
  loaded(certificatePem: string): string;
  failed(): void;
}

/** @internal */
export function certificateMetrics(metrics: Metrics): CertificateMetrics {
  const expiry = metrics.gauge(certificateExpiry);
  const reloads = metrics.counter(certificateReloads);
  return {
    loaded(certificatePem) {
      const endMs = Date.parse(new X509Certificate(certificatePem).validTo);
      expiry.set(endMs / 1000);
      reloads.add(1, { result: "loaded" });
      return new Date(endMs).toISOString();
    },
    failed: () => reloads.add(1, { result: "failed" }),
  };
}
