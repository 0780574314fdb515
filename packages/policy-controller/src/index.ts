export type { CertificateIssuer, CertificateRequest, KeyedCertificate } from "./certificates/certificate-issuer.ts";
export { defaultCertificateTimes, type CertificateTimes } from "./certificates/certificate-state.ts";
export {
  reconcileCertificates,
  type CertificatePass,
  type CertificateReconcilerOptions,
} from "./certificates/reconcile-certificates.ts";
export { policyControllerErrors, type PolicyControllerErrorCode } from "./errors.ts";
export { loadResourceJudges, loadX509Issuer } from "./lazy.ts";
export type { ControlledObject } from "./resources/controlled-resource.ts";
export type { Judgement } from "./resources/resource-judgement.ts";
export type { ResourceJudge, ResourceJudges } from "./resources/resource-judges.ts";
export { runPolicyController, type PolicyControllerOptions } from "./run-policy-controller.ts";
export {
  desiredWebhooks,
  type FailurePolicy,
  type Webhook,
  type WebhookConfiguration,
  type WebhookSettings,
} from "./webhooks/desired-webhooks.ts";
