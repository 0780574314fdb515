import { boolean, map, oneOf, optional, string } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";

/** Values become part of alerts and file names of others: no control characters, bounded. */
export const plainText = { max: 4096, pattern: /^[^\u0000-\u001f\u007f]*$/ } as const;

/**
 * Settings of every applet that runs in a cluster for long: how it reaches the API, where it logs and listens, how much memory it may take.
 *
 * @param applet - its name, for the default of the log file.
 *
 * @internal
 */
export function serviceSettings(applet: string) {
  const api = "Kubernetes API";
  const service = "Logs and endpoints";
  const text = plainText;
  return {
    namespace: setting(
      optional(
        string({ ...text, max: 63, doc: "Namespace this program runs in. In a pod it is found without being told" }),
      ),
      { group: api, envAliases: ["POD_NAMESPACE"], placeholder: "NAME" },
    ),
    kubeconfig: setting(
      optional(
        string({
          ...text,
          doc: "Kubeconfig file; else KUBECONFIG, else the service account of the pod, else ~/.kube/config",
        }),
      ),
      { group: api, placeholder: "FILE" },
    ),
    context: setting(optional(string({ ...text, max: 253, doc: "Context of the kubeconfig; else its current one" })), {
      group: api,
      placeholder: "NAME",
    }),
    serviceAccountDir: setting(
      optional(
        string({
          ...text,
          doc: "Folder of the service account (ca.crt, token, namespace); else where Kubernetes puts it in a pod",
        }),
      ),
      { group: api, placeholder: "DIR" },
    ),
    metricsBind: setting(
      string({ ...text, max: 300, default: ":8080", doc: "Listener of /livez, /readyz and /metrics" }),
      { group: service, placeholder: "HOST:PORT" },
    ),
    debugBind: setting(
      string({
        ...text,
        max: 300,
        default: "127.0.0.1:8081",
        doc: "Listener of /debug; off loopback only with a token file",
      }),
      { group: service, placeholder: "HOST:PORT" },
    ),
    debugTokenFile: setting(optional(string({ ...text, doc: "File with the bearer token of the debug listener" })), {
      group: service,
      placeholder: "FILE",
    }),
    logLevel: setting(
      oneOf(["error", "warn", "info", "debug"], { default: "info", doc: "Least severe level that is logged" }),
      { group: service },
    ),
    moduleLogLevels: setting(
      map(oneOf(["error", "warn", "info", "debug"]), { default: {}, max: 200, doc: "Levels of single modules" }),
      { group: service, placeholder: "MODULE=LEVEL,..." },
    ),
    logFormat: setting(
      oneOf(["auto", "console", "json"], { default: "auto", doc: "auto is console on a terminal, else json" }),
      { group: service },
    ),
    loggingToFile: setting(boolean({ default: false, doc: "Log to a rotating file too" }), { group: service }),
    logFile: setting(
      string({ ...text, min: 1, default: `/var/log/kinglet/${applet}.log`, doc: "The file for --logging-to-file" }),
      { group: service, placeholder: "FILE" },
    ),
    memlimit: setting(
      optional(string({ max: 40, doc: "Memory limit that sizes follow, e.g. 128Mi; else the container's own limit" })),
      { group: service, placeholder: "SIZE" },
    ),
    snapshotDir: setting(
      optional(string({ ...text, doc: "Folder for heap snapshots on SIGUSR2; none are written without it" })),
      { group: service, placeholder: "DIR" },
    ),
  };
}

/** The values of {@link serviceSettings}. */
export type ServiceConfig = SettingsValues<ReturnType<typeof serviceSettings>>;
