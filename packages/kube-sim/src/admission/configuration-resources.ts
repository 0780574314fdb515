import type { SimResource } from "../sim-resource.ts";
import { webhookConfigurationRules } from "./configuration-rules.ts";

const row = { group: "admissionregistration.k8s.io", version: "v1", namespaced: false, hasGeneration: true } as const;

/** The configurations of admission webhooks, as data. */
export function webhookConfigurationResources(): SimResource[] {
  return [
    {
      ...row,
      plural: "mutatingwebhookconfigurations",
      singular: "mutatingwebhookconfiguration",
      kind: "MutatingWebhookConfiguration",
      categories: ["api-extensions"],
      rules: webhookConfigurationRules,
    },
    {
      ...row,
      plural: "validatingwebhookconfigurations",
      singular: "validatingwebhookconfiguration",
      kind: "ValidatingWebhookConfiguration",
      categories: ["api-extensions"],
      rules: webhookConfigurationRules,
    },
  ];
}
