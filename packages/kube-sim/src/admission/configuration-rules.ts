import { isJsonRecord, recordsIn, type KubeObject } from "../resources/kube-object.ts";
import type { KindRules } from "../resources/kind-rules.ts";
import type { ConfigurationChecks } from "./configuration-checks.ts";
import { loadConfigurationChecks } from "./lazy.ts";

/**
 * Defaults and validation of MutatingWebhookConfiguration and ValidatingWebhookConfiguration.
 *
 * @see k8s.io/kubernetes v1.36.3 pkg/apis/admissionregistration
 */
export function webhookConfigurationRules(): KindRules {
  let checks: ConfigurationChecks | undefined;
  return {
    default: defaultConfiguration,
    specificationOf: (configuration) => configuration["webhooks"],
    prepare: async () => {
      checks ??= new (await loadConfigurationChecks()).ConfigurationChecks();
    },
    findProblems: (configuration) => checks?.findProblems(configuration) ?? [],
  };
}

function defaultConfiguration(configuration: KubeObject): void {
  for (const hook of recordsIn(configuration["webhooks"])) {
    hook["failurePolicy"] ??= "Fail";
    hook["matchPolicy"] ??= "Equivalent";
    hook["namespaceSelector"] ??= {};
    hook["objectSelector"] ??= {};
    hook["timeoutSeconds"] ??= 10;
    if (configuration.kind === "MutatingWebhookConfiguration") hook["reinvocationPolicy"] ??= "Never";
    for (const rule of recordsIn(hook["rules"])) rule["scope"] ??= "*";
    const client = hook["clientConfig"];
    if (isJsonRecord(client) && isJsonRecord(client["service"])) client["service"]["port"] ??= 443;
  }
}
