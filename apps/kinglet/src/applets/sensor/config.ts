import { array, boolean, integer, lazy, oneOf, optional, string, type Lazy } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";
import { alertSettings } from "./alerts/alert-settings.ts";
import { crossCheckEvents, eventSettings, ruleSettings } from "./events/event-settings.ts";
import { learningSettings } from "./learning/learning-settings.ts";
import { plainText, serviceSettings } from "../../service/service-settings.ts";

function buildSettings() {
  const api = "Kubernetes API";
  const profiles = "Profiles";
  const text = plainText;
  return {
    scope: setting(
      oneOf(["node", "cluster"], {
        default: "node",
        doc: "Whose pods to watch: those of this node (DaemonSet), or all of the cluster (Deployment)",
      }),
      { group: api },
    ),
    nodeName: setting(optional(string({ ...text, max: 253, doc: "Name of this node; needed with --scope node" })), {
      group: api,
      envAliases: ["NODE_NAME"],
      placeholder: "NAME",
    }),
    clusterName: setting(
      string({ ...text, max: 253, default: "", doc: "Name of this cluster, put into every alert" }),
      {
        group: api,
        placeholder: "NAME",
      },
    ),
    ignoreNamespaces: setting(
      array(string({ ...text, max: 63, min: 1 }), {
        default: ["kube-system", "kube-public", "kube-node-lease"],
        max: 1000,
        doc: "Namespaces whose containers are not watched, besides the sensor's own",
      }),
      { group: api },
    ),
    ...eventSettings(),
    profileStore: setting(
      oneOf(["kubernetes", "directory"], { default: "kubernetes", doc: "Where profiles come from" }),
      { group: profiles },
    ),
    profileDir: setting(
      optional(
        string({ ...text, doc: "Folder of profiles as NAMESPACE/NAME.json; needed with --profile-store directory" }),
      ),
      { group: profiles, placeholder: "DIR" },
    ),
    profileRefresh: setting(
      integer({ unit: "ms", min: 1000, max: 86_400_000, default: 60_000, doc: "How often profiles are fetched again" }),
      { group: profiles },
    ),
    profileWatch: setting(
      boolean({
        default: false,
        doc: "Watch the versions of all profiles (needs list and watch) instead of fetching them again: nothing is asked while nothing changes",
      }),
      { group: profiles },
    ),
    userProfiles: setting(
      oneOf(["auto", "authored", "overlays", "none"], {
        default: "auto",
        doc: "What people wrote: auto takes the authored profile that the pod's label names, else overlays; or only one of them",
      }),
      { group: profiles },
    ),
    originalMetricNames: setting(
      boolean({ default: false, doc: "Offer the profile metrics under the names of node-agent too" }),
      { group: profiles },
    ),
    ...learningSettings(),
    ...ruleSettings(),
    ...alertSettings(),
    ...serviceSettings("sensor"),
    namespace: setting(
      optional(
        string({
          ...text,
          max: 63,
          doc: "Namespace this sensor runs in; never watched. In a pod it is found without being told",
        }),
      ),
      { group: api, envAliases: ["POD_NAMESPACE"], placeholder: "NAME" },
    ),
  };
}

/** Every setting of the sensor; built at the first use. */
export const sensorSettings: Lazy<ReturnType<typeof buildSettings>> = lazy(buildSettings);

/** The sensor's settings, checked one by one and together. */
export type SensorConfig = SettingsValues<ReturnType<typeof buildSettings>>;

/**
 * Problems between settings, which no single one shows; one line each, empty when there is none.
 */
export function crossCheck(config: SensorConfig): readonly string[] {
  const problems: string[] = [...crossCheckEvents(config)];
  if (config.scope === "node" && config.nodeName === undefined) {
    problems.push(
      "nodeName: needed with --scope node (set --node-name, KINGLET_NODE_NAME or NODE_NAME, or use --scope cluster)",
    );
  }
  if (config.profileStore === "directory" && config.profileDir === undefined) {
    problems.push("profileDir: needed with --profile-store directory (set --profile-dir or KINGLET_PROFILE_DIR)");
  }
  return problems;
}
