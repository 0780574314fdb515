import { loadX509Issuer } from "../lazy.ts";
import type { CertificateRenewer } from "./certificate-renewer.ts";
import { renewCertificates } from "./renew-certificates.ts";

/**
 * Renews in this process: reading certificates costs 2 MB of resident memory (Node 26.10), issuing them 19 MB more. Where that counts, run it in a process of
 * its own.
 *
 * @public
 */
export const renewWithX509: CertificateRenewer = (stored, request) =>
  renewCertificates(stored, {
    ...request,
    issuer: { issue: async (wanted) => (await loadX509Issuer()).x509Issuer.issue(wanted) },
  });
