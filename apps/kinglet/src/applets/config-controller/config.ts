import { array, boolean, integer, lazy, oneOf, string, type Lazy } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";
import { plainText, serviceSettings } from "../../service/service-settings.ts";

function buildSettings() {
  const leader = "Leadership";
  const webhook = "Webhooks";
  const text = plainText;
  const name = { ...text, min: 1, max: 253 };
  const failurePolicy = (what: string) =>
    setting(
      oneOf(["Ignore", "Fail"], {
        default: "Ignore",
        doc: `What the API server does with ${what} when the admission controller does not answer: let it pass, or refuse it`,
      }),
      { group: webhook },
    );
  return {
    leaseName: setting(
      string({ ...name, default: "kinglet-config-controller", doc: "Lease that the leading instance holds" }),
      { group: leader, placeholder: "NAME" },
    ),
    leaseDuration: setting(
      integer({
        unit: "ms",
        min: 3000,
        max: 600_000,
        default: 15_000,
        doc: "How long the others wait for a leader that does not renew its lease; it gives up itself after two thirds of it",
      }),
      { group: leader },
    ),
    webhook: setting(boolean({ default: true, doc: "Register the admission webhooks and issue their certificates" }), {
      group: webhook,
    }),
    webhookName: setting(
      string({ ...name, default: "kinglet-admission", doc: "Name of the ValidatingWebhookConfiguration" }),
      { group: webhook, placeholder: "NAME" },
    ),
    webhookService: setting(
      string({
        ...name,
        max: 63,
        default: "kinglet-admission-controller",
        doc: "Service of the admission controllers",
      }),
      { group: webhook, placeholder: "NAME" },
    ),
    webhookPort: setting(integer({ min: 1, max: 65_535, default: 443, doc: "Port of that service" }), {
      group: webhook,
    }),
    webhookTimeout: setting(
      integer({ unit: "s", min: 1, max: 30, default: 12, doc: "How long the API server waits for an answer" }),
      { group: webhook },
    ),
    failurePolicy: failurePolicy("a workload"),
    eventsFailurePolicy: failurePolicy("exec, attach or port-forward"),
    excludedNamespaces: setting(
      array(string({ ...text, min: 1, max: 63 }), {
        default: [],
        max: 200,
        doc: "Namespaces of which the API server sends nothing, besides the own one and those of the cluster itself",
      }),
      { group: webhook },
    ),
    servingSecret: setting(
      string({ ...name, default: "kinglet-webhook-tls", doc: "Secret that the admission controllers mount" }),
      { group: webhook, placeholder: "NAME" },
    ),
    authoritySecret: setting(
      string({
        ...name,
        default: "kinglet-webhook-ca",
        doc: "Secret with the keys of the authorities, for this program alone",
      }),
      { group: webhook, placeholder: "NAME" },
    ),
    authorityLifetime: setting(
      integer({
        unit: "h",
        min: 1,
        max: 87_600,
        default: 8760,
        doc: "How long an authority lives; renewed after two thirds",
      }),
      { group: webhook },
    ),
    certificateLifetime: setting(
      integer({
        unit: "h",
        min: 1,
        max: 26_280,
        default: 2160,
        doc: "How long a certificate lives; renewed after two thirds",
      }),
      { group: webhook },
    ),
    rotationOverlap: setting(
      integer({
        unit: "s",
        min: 1,
        max: 604_800,
        default: 3600,
        doc: "How long a new authority is trusted before it signs, and an old one after; a kubelet needs minutes to bring a changed Secret",
      }),
      { group: webhook },
    ),
    ...serviceSettings("config-controller"),
  };
}

/** Every setting of the config-controller; built at the first use. */
export const configControllerSettings: Lazy<ReturnType<typeof buildSettings>> = lazy(buildSettings);

/** The settings, checked one by one and together. */
export type ConfigControllerConfig = SettingsValues<ReturnType<typeof buildSettings>>;

/** Problems between settings, which no single one shows; one line each, empty when there is none. */
export function crossCheck(config: ConfigControllerConfig): readonly string[] {
  const problems: string[] = [];
  const lastThirdSeconds = (config.authorityLifetime * 3600) / 3;
  if (config.rotationOverlap * 3 > lastThirdSeconds) {
    problems.push(
      `rotationOverlap: three times ${String(config.rotationOverlap)} s do not fit into the last third of an authority's ${String(config.authorityLifetime)} h: shorten it or raise --authority-lifetime`,
    );
  }
  if (config.certificateLifetime > config.authorityLifetime) {
    problems.push(
      `certificateLifetime: ${String(config.certificateLifetime)} h is more than the ${String(config.authorityLifetime)} h of its authority`,
    );
  }
  return problems;
}
