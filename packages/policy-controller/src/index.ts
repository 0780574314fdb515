export type { CertificateIssuer, CertificateRequest, KeyedCertificate } from "./certificates/certificate-issuer.ts";
export { policyControllerErrors, type PolicyControllerErrorCode } from "./errors.ts";
export { loadX509Issuer } from "./lazy.ts";
