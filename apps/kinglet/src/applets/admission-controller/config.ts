import { array, boolean, integer, lazy, oneOf, optional, string, type Lazy } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";
import { plainText, serviceSettings } from "../../service/service-settings.ts";

/**
 * Namespaces of the system, of distributions and of the service mesh.
 *
 * @see stackrox.md §7.3: `^kube.*`, `^openshift.*`, `^redhat.*`, `istio-system`, except `openshift-operators`.
 */
const exemptByDefault: readonly string[] = [
  "kube*",
  "openshift*",
  "redhat*",
  "istio-system",
  "stackrox",
  "!openshift-operators",
];

function buildSettings() {
  const webhook = "Webhook";
  const policies = "Policies";
  const alerts = "Alerts";
  const text = plainText;
  const onTimeout = (what: string) =>
    setting(
      oneOf(["allow", "deny"], {
        default: "allow",
        doc: `What ${what} get when there is no time or no room to evaluate them`,
      }),
      { group: webhook },
    );
  return {
    bind: setting(string({ ...text, max: 300, min: 1, default: ":8443", doc: "Listener of the webhook, HTTPS" }), {
      group: webhook,
      placeholder: "HOST:PORT",
    }),
    certificateDir: setting(
      string({
        ...text,
        min: 1,
        default: "/run/kinglet/tls",
        doc: "Folder with tls.crt and tls.key; waited for when missing, read again when they change",
      }),
      { group: webhook, placeholder: "DIR" },
    ),
    reviewTimeout: setting(
      integer({
        unit: "ms",
        min: 1000,
        max: 30_000,
        default: 10_000,
        doc: "How long callers wait that do not say so; an answer leaves 250 ms before",
      }),
      { group: webhook },
    ),
    onTimeout: onTimeout("workloads"),
    eventsOnTimeout: onTimeout("exec, attach and port-forward"),
    clusterName: setting(
      string({
        ...text,
        max: 253,
        default: "",
        doc: "Name of this cluster: put into alerts, and what scopes of policies compare with",
      }),
      { group: policies, placeholder: "NAME" },
    ),
    policyApi: setting(
      boolean({ default: true, doc: "Follow the policy bundle in the API, which the config-controller writes" }),
      { group: policies },
    ),
    policyNamespace: setting(
      optional(
        string({ ...text, max: 63, doc: "Namespace of the bundle's ConfigMaps; else the one this program runs in" }),
      ),
      { group: policies, placeholder: "NAME" },
    ),
    policyDir: setting(
      optional(
        string({ ...text, doc: "Folder where the bundle's ConfigMaps are mounted, besides or instead of the API" }),
      ),
      { group: policies, placeholder: "DIR" },
    ),
    stateDir: setting(
      string({
        ...text,
        default: "/var/lib/kinglet",
        doc: "Folder for the copy of the bundle in force, which lets a restart do without the API; empty keeps none",
      }),
      { group: policies, placeholder: "DIR" },
    ),
    defaultMode: setting(
      oneOf(["audit", "warn", "deny"], {
        default: "audit",
        doc: "What a violated policy does that neither has the annotation kinglet.dev/mode nor enforces the operation",
      }),
      { group: policies },
    ),
    operations: setting(
      array(oneOf(["CREATE", "UPDATE", "CONNECT"]), {
        default: ["CREATE", "UPDATE", "CONNECT"],
        max: 3,
        doc: "Operations that are evaluated; others are allowed",
      }),
      { group: policies },
    ),
    exemptNamespaces: setting(
      array(string({ ...text, max: 254, min: 1 }), {
        default: exemptByDefault,
        max: 1000,
        doc: "Namespaces in which nothing is evaluated; * at the end fits anything, ! in front takes out again. The own one and kube-system, kube-public and kube-node-lease always are",
      }),
      { group: policies },
    ),
    breakGlass: setting(
      boolean({ default: true, doc: "Let objects through that carry the annotation kinglet.dev/break-glass" }),
      { group: policies },
    ),
    exactNames: setting(
      boolean({
        default: true,
        doc: "Names of users and UIDs match as a whole; false: the beginning is enough, as in the original",
      }),
      { group: policies },
    ),
    requireEach: setting(
      boolean({
        default: true,
        doc: "Required labels joined by AND are each required; false: one is enough, as in the original",
      }),
      { group: policies },
    ),
    clusterData: setting(
      boolean({
        default: true,
        doc: "Follow services, network policies, roles and labels of namespaces while policies in force ask for them",
      }),
      { group: policies },
    ),
    imageFile: setting(
      optional(
        string({
          ...text,
          doc: "JSON file with metadata of images; without it policies that need some are not evaluated",
        }),
      ),
      { group: policies, placeholder: "FILE" },
    ),
    output: setting(
      oneOf(["auto", "json", "text"], {
        default: "auto",
        doc: "How alerts are written to standard output: one JSON object or one readable line each; auto is text on a terminal",
      }),
      { group: alerts },
    ),
    kubernetesEvents: setting(
      boolean({ default: true, doc: "Record refused and warned requests as Kubernetes Events, where permitted" }),
      { group: alerts },
    ),
    ...serviceSettings("admission-controller"),
  };
}

/** Every setting of the admission controller; built at the first use. */
export const admissionSettings: Lazy<ReturnType<typeof buildSettings>> = lazy(buildSettings);

/** The settings, checked one by one and together. */
export type AdmissionConfig = SettingsValues<ReturnType<typeof buildSettings>>;

/**
 * Problems between settings, which no single one shows; one line each, empty when there is none.
 */
export function crossCheck(config: AdmissionConfig): readonly string[] {
  const problems: string[] = [];
  if (["0", "off", ""].includes(config.bind.trim())) problems.push("bind: the webhook cannot be switched off");
  if (!config.policyApi && config.policyDir === undefined) {
    problems.push(
      "policyDir: needed with --no-policy-api (set --policy-dir or KINGLET_POLICY_DIR): policies have to come from somewhere",
    );
  }
  return problems;
}
