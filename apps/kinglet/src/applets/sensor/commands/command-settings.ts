import { lazy, oneOf, optional, string, type Lazy } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";
import { plainText } from "../../../service/service-settings.ts";

function buildExplainSettings() {
  return {
    debugBind: setting(
      string({ ...plainText, max: 300, default: "127.0.0.1:8081", doc: "Debug listener of the running sensor" }),
      { group: "Sensor", placeholder: "HOST:PORT" },
    ),
    debugTokenFile: setting(
      optional(string({ ...plainText, doc: "File with the bearer token of the debug listener" })),
      {
        group: "Sensor",
        placeholder: "FILE",
      },
    ),
    output: setting(oneOf(["text", "json"], { default: "text", doc: "Text for people, or one JSON object" }), {
      group: "Output",
    }),
  };
}

/** Settings of `sensor explain`. @internal */
export const explainSettings: Lazy<ReturnType<typeof buildExplainSettings>> = lazy(buildExplainSettings);

/** @internal */
export type ExplainConfig = SettingsValues<ReturnType<typeof buildExplainSettings>>;

function buildAllowSettings() {
  const base = "The profile as it is";
  return {
    profile: setting(
      optional(string({ ...plainText, min: 1, doc: "File with the profile; else it is read from the cluster" })),
      { group: base, placeholder: "FILE" },
    ),
    kubeconfig: setting(
      optional(
        string({
          ...plainText,
          doc: "Kubeconfig file; else KUBECONFIG, else the service account of the pod, else ~/.kube/config",
        }),
      ),
      { group: base, placeholder: "FILE" },
    ),
    context: setting(
      optional(string({ ...plainText, max: 253, doc: "Context of the kubeconfig; else its current one" })),
      {
        group: base,
        placeholder: "NAME",
      },
    ),
    as: setting(
      optional(
        string({
          ...plainText,
          min: 1,
          max: 200,
          doc: "Print an authored profile for pods with the label kubescape.io/user-defined-profile: NAME, instead of the one that the container was judged by",
        }),
      ),
      { group: "Output", placeholder: "NAME" },
    ),
    output: setting(oneOf(["yaml", "json"], { default: "yaml", doc: "Format of the profile" }), { group: "Output" }),
  };
}

/** Settings of `sensor allow`. @internal */
export const allowSettings: Lazy<ReturnType<typeof buildAllowSettings>> = lazy(buildAllowSettings);

/** @internal */
export type AllowConfig = SettingsValues<ReturnType<typeof buildAllowSettings>>;
