import { array, boolean, integer, oneOf, optional, string } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";
import { plainText } from "../../../service/service-settings.ts";

const defaultAddress = "unix:/var/run/tetragon/tetragon.sock";

/**
 * Settings of what reports events and findings.
 *
 * @internal
 */
export function eventSettings() {
  const events = "Runtime events";
  const findings = "Findings of other programs (only with --scope cluster)";
  const text = plainText;
  const named = (group: string, placeholder: string, doc: string) =>
    setting(optional(string({ ...text, min: 1, doc })), { group, placeholder });
  return {
    eventSources: setting(
      array(oneOf(["tetragon-file", "tetragon-grpc", "linux-audit"]), {
        default: ["tetragon-file"],
        max: 3,
        doc: "What reports events of this node: tetragon-file, tetragon-grpc, linux-audit; one of Tetragon's at most",
      }),
      { group: events },
    ),
    tetragonFile: setting(
      string({
        ...text,
        min: 1,
        default: "/var/log/tetragon/tetragon.log",
        doc: "Export file of Tetragon; waited for when missing",
      }),
      { group: events, placeholder: "FILE" },
    ),
    tetragonAddress: setting(
      string({
        ...text,
        min: 1,
        default: defaultAddress,
        doc: "Where Tetragon's agent answers, for tetragon-grpc",
      }),
      { group: events, placeholder: "unix:PATH|tcp:HOST:PORT" },
    ),
    tetragonCaFile: named(events, "FILE", "Authorities that may vouch for Tetragon behind tcp:, which then speaks TLS"),
    tetragonCertFile: named(events, "FILE", "Certificate towards Tetragon behind tcp:"),
    tetragonKeyFile: named(events, "FILE", "Key of --tetragon-cert-file"),
    tetragonServerName: named(
      events,
      "NAME",
      "Name that Tetragon's certificate must bear; else the host of the address",
    ),
    tetragonMetrics: named(
      events,
      "URL",
      "Tetragon's metrics, read once a minute: the only way to learn what its agent dropped",
    ),
    tetragonPolicies: setting(
      array(oneOf(["auto", "files", "network", "names", "capabilities", "callers", "syscalls"]), {
        default: ["auto"],
        max: 6,
        doc: "Which policies of deploy/tetragon are loaded, for what is learned: auto asks the API for TracingPolicies; empty: none",
      }),
      { group: events },
    ),
    auditLog: named(events, "FILE", "Log of auditd, for linux-audit"),
    auditSocket: named(events, "PATH", "Socket of auditd's af_unix plugin, for linux-audit"),
    auditProcRoot: setting(
      string({ ...text, min: 1, default: "/proc", doc: "Where the node's /proc is, for linux-audit" }),
      { group: events, placeholder: "DIR" },
    ),
    auditctl: named(events, "FILE", "Program that tells what the kernel's audit lost; else losses are estimated"),
    startAt: setting(
      oneOf(["end", "beginning"], {
        default: "end",
        doc: "Where to begin when there is no checkpoint yet: at the end of the event file or audit log, or with the oldest of its rotated files",
      }),
      { group: events },
    ),
    stateDir: setting(
      string({
        ...text,
        min: 1,
        default: "/var/lib/kinglet",
        doc: "Folder for the checkpoint, which lets a restart lose no event and repeat no alert, and for what is learned and not stored yet",
      }),
      { group: events, placeholder: "DIR" },
    ),
    kubernetesAuditBind: named(findings, "HOST:PORT", "Listener for the API server's audit webhook"),
    kubernetesAuditLog: named(findings, "FILE", "The API server's audit log"),
    falcoBind: named(findings, "HOST:PORT", "Listener for Falco's http_output; may be that of the audit webhook"),
    webhookTlsCert: named(findings, "FILE", "Certificate of those listeners; without one they listen on loopback only"),
    webhookTlsKey: named(findings, "FILE", "Key of --webhook-tls-cert"),
    webhookClientCa: named(findings, "FILE", "Authorities of clients' certificates"),
    webhookClientNames: setting(
      array(string({ ...text, max: 253, min: 1 }), {
        default: [],
        max: 100,
        doc: "Names of clients that are let in with a certificate; empty: all of --webhook-client-ca",
      }),
      { group: findings },
    ),
    webhookTokenFile: named(findings, "FILE", "Bearer token that clients may show instead of a certificate"),
    findingQueue: setting(
      integer({
        min: 16,
        max: 1_000_000,
        default: 4096,
        doc: "Findings that wait; beyond, senders are told to come again",
      }),
      { group: findings },
    ),
  };
}

/**
 * Settings of the rules.
 *
 * @internal
 */
export function ruleSettings() {
  const group = "Rules";
  return {
    rulesDir: setting(
      optional(
        string({
          ...plainText,
          min: 1,
          doc: "Folder of YAML files with Rules and RuntimeRuleAlertBindings, read at the start",
        }),
      ),
      { group, placeholder: "DIR" },
    ),
    ruleResources: setting(
      oneOf(["auto", "on", "off"], {
        default: "auto",
        doc: "Follow Rules and RuntimeRuleAlertBindings in the API: auto does where the API serves them",
      }),
      { group },
    ),
    ignoreRuleBindings: setting(boolean({ default: false, doc: "Every rule holds for every pod, whatever is bound" }), {
      group,
    }),
  };
}

/** The values of {@link eventSettings}. @internal */
export type EventConfig = SettingsValues<ReturnType<typeof eventSettings>>;

/** True when findings of other programs are taken. @internal */
export function takesFindings(config: EventConfig): boolean {
  const { kubernetesAuditBind, kubernetesAuditLog, falcoBind } = config;
  return [kubernetesAuditBind, kubernetesAuditLog, falcoBind].some((one) => one !== undefined);
}

/** Problems between these settings; one line each. @internal */
export function crossCheckEvents(config: EventConfig & { readonly scope: string }): readonly string[] {
  const problems: string[] = [];
  const { eventSources } = config;
  if (eventSources.length === 0) problems.push("eventSources: name at least one source");
  if (new Set(eventSources).size < eventSources.length) problems.push("eventSources: each source once");
  if (eventSources.includes("tetragon-file") && eventSources.includes("tetragon-grpc")) {
    problems.push("eventSources: tetragon-file and tetragon-grpc report the same events; take one of them");
  }
  if (config.tetragonPolicies.includes("auto") && config.tetragonPolicies.length > 1) {
    problems.push("tetragonPolicies: either auto or names");
  }
  if (eventSources.includes("linux-audit") && (config.auditLog === undefined) === (config.auditSocket === undefined)) {
    problems.push("auditLog, auditSocket: linux-audit needs one of them");
  }
  if (eventSources.includes("linux-audit") && config.scope !== "node") {
    problems.push("eventSources: linux-audit finds containers through the node's processes, so it needs --scope node");
  }
  if (takesFindings(config) && config.scope !== "cluster") {
    problems.push(
      "kubernetesAuditBind, kubernetesAuditLog, falcoBind: findings belong to the cluster; every node would report them, so they need --scope cluster",
    );
  }
  if ((config.webhookTlsCert === undefined) !== (config.webhookTlsKey === undefined)) {
    problems.push("webhookTlsCert, webhookTlsKey: both or neither");
  }
  if ((config.tetragonCertFile === undefined) !== (config.tetragonKeyFile === undefined)) {
    problems.push("tetragonCertFile, tetragonKeyFile: both or neither");
  }
  return [...problems, ...unusedSettings(config), ...malformedAddresses(config)];
}

/** What is set for a source that is not read would be believed to be read. */
function unusedSettings(config: EventConfig): readonly string[] {
  const { eventSources, tetragonAddress } = config;
  const problems: string[] = [];
  const check = (sources: readonly string[], keys: readonly (keyof EventConfig)[]): void => {
    const set = keys.filter((key) => config[key] !== undefined);
    if (set.length === 0 || eventSources.some((source) => sources.includes(source))) return;
    problems.push(`${set.join(", ")}: nothing reads it; eventSources must have ${sources.join(" or ")} for that`);
  };
  check(["linux-audit"], ["auditLog", "auditSocket", "auditctl"]);
  const tls = ["tetragonCaFile", "tetragonCertFile", "tetragonKeyFile", "tetragonServerName"] as const;
  check(["tetragon-grpc"], tetragonAddress === defaultAddress ? tls : ["tetragonAddress", ...tls]);
  check(["tetragon-file", "tetragon-grpc"], ["tetragonMetrics"]);
  return problems;
}

function malformedAddresses({ tetragonAddress, tetragonMetrics }: EventConfig): readonly string[] {
  const problems: string[] = [];
  if (tetragonAddress !== undefined && !/^unix:.|^tcp:.+:\d{1,5}$/.test(tetragonAddress)) {
    problems.push("tetragonAddress: must be unix:PATH or tcp:HOST:PORT");
  }
  if (tetragonMetrics !== undefined && !(tetragonMetrics.startsWith("http://") && URL.canParse(tetragonMetrics))) {
    problems.push("tetragonMetrics: must be http://HOST:PORT/PATH");
  }
  return problems;
}
