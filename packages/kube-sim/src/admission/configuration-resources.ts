import type { RuledResource } from "../resources/kind-rules.ts";
import { webhookConfigurationRules } from "./configuration-rules.ts";

const row = { group: "admissionregistration.k8s.io", version: "v1", namespaced: false, hasGeneration: true } as const;

/** The configurations of admission webhooks, as data. */
export function webhookConfigurationResources(): RuledResource[] {
  const rules = webhookConfigurationRules();
  return [
    {
      ...row,
      plural: "mutatingwebhookconfigurations",
      singular: "mutatingwebhookconfiguration",
      kind: "MutatingWebhookConfiguration",
      categories: ["api-extensions"],
      rules: () => rules,
    },
    {
      ...row,
      plural: "validatingwebhookconfigurations",
      singular: "validatingwebhookconfiguration",
      kind: "ValidatingWebhookConfiguration",
      categories: ["api-extensions"],
      rules: () => rules,
    },
  ];
}
