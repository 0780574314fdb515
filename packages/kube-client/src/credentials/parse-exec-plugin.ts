import { isAbsolute, join } from "node:path";
import { configError, isRecord, type KubeconfigEntry } from "../kubeconfig.ts";
import type { ExecPluginConfig } from "./exec-plugin.ts";

const VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const MODES = ["Never", "IfAvailable", "Always"] as const;
/** Where a cluster keeps what only plugins understand. */
const EXTENSION = "client.authentication.k8s.io/exec";

/** The cluster that a plugin may be told about. */
export interface ExecPluginCluster {
  readonly entry: KubeconfigEntry;
  readonly server: string;
  readonly caPem: string | undefined;
}

/**
 * Reads `users[].user.exec`.
 *
 * @param place - of the user in the file, for messages.
 * @param cluster - the entry of the cluster, and what was made of it.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG naming the file and the key.
 */
export function parseExecPlugin(user: KubeconfigEntry, place: string, cluster: ExecPluginCluster): ExecPluginConfig {
  const exec = user.value["exec"] as Readonly<Record<string, unknown>>;
  const refuse = (problem: string): Error => configError(user.file, `${place}.exec${problem}`);
  const text = (key: string): string => {
    const value = exec[key] ?? "";
    if (typeof value !== "string") throw refuse(`.${key} is not a string`);
    return value;
  };
  const apiVersion = text("apiVersion");
  if (!VERSIONS.includes(apiVersion)) throw refuse(`.apiVersion is "${apiVersion}", not one of ${VERSIONS.join(", ")}`);
  const command = text("command");
  if (command === "") throw refuse(".command is missing");
  const mode = text("interactiveMode") || (apiVersion.endsWith("v1beta1") ? "IfAvailable" : "");
  const interactiveMode = MODES.find((one) => one === mode);
  if (interactiveMode === undefined) throw refuse(`.interactiveMode is "${mode}", not one of ${MODES.join(", ")}`);
  const args = exec["args"] ?? [];
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === "string"))
    throw refuse(".args is not a list of strings");
  return {
    apiVersion,
    // With a folder in it, it counts from the kubeconfig, as other paths do; a bare name is looked up in PATH.
    command: command.includes("/") && !isAbsolute(command) ? join(user.dir, command) : command,
    args,
    env: parseEnv(exec["env"] ?? [], refuse),
    installHint: text("installHint"),
    interactiveMode,
    cluster: exec["provideClusterInfo"] === true ? clusterInfo(cluster) : undefined,
  };
}

function parseEnv(list: unknown, refuse: (problem: string) => Error): Record<string, string> {
  if (!Array.isArray(list)) throw refuse(".env is not a list");
  const env: Record<string, string> = {};
  for (const [index, item] of list.entries()) {
    const { name, value } = isRecord(item) ? item : {};
    if (typeof name !== "string" || typeof value !== "string") throw refuse(`.env[${index}] is not a name and a value`);
    env[name] = value;
  }
  return env;
}

function clusterInfo(cluster: ExecPluginCluster): object {
  const { value } = cluster.entry;
  const extensions: unknown = value["extensions"];
  const extension: unknown = Array.isArray(extensions)
    ? extensions.find((item) => isRecord(item) && item["name"] === EXTENSION)
    : undefined;
  return {
    server: cluster.server,
    ...(typeof value["tls-server-name"] === "string" ? { "tls-server-name": value["tls-server-name"] } : {}),
    ...(value["insecure-skip-tls-verify"] === true ? { "insecure-skip-tls-verify": true } : {}),
    ...(cluster.caPem === undefined
      ? {}
      : { "certificate-authority-data": Buffer.from(cluster.caPem).toString("base64") }),
    ...(typeof value["proxy-url"] === "string" ? { "proxy-url": value["proxy-url"] } : {}),
    config: isRecord(extension) ? (extension["extension"] ?? null) : null,
  };
}
