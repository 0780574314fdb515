import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { isAbsolute, join } from "node:path";
import type { ClusterAccess, Impersonation } from "./cluster-access.ts";
import { kubeClientErrors } from "./errors.ts";
import { mergeTlsSources } from "./credentials/merge-tls-sources.ts";
import type { ExecPluginCluster } from "./credentials/parse-exec-plugin.ts";
import { loadExecCredentials } from "./credentials/lazy.ts";
import { loadProxy } from "./proxy/lazy.ts";
import type { LoadClusterAccessOptions } from "./load-cluster-access-options.ts";
import type { TlsSource } from "./tls-credentials.ts";
import { createTlsFiles } from "./tls-files.ts";
import { configError, isRecord, type Kubeconfig, type KubeconfigEntry } from "./kubeconfig.ts";
import { MAX_PEM_BYTES, readBoundedFile } from "./read-bounded-file.ts";
import { createTokenFile, type TokenSource } from "./token-source.ts";

/**
 * Picks a context of a kubeconfig and reads what it refers to.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG, KINGLET_ERR_KUBE_CLIENT_CREDENTIALS; both name the file and the key.
 */
export async function resolveKubeconfig(
  config: Kubeconfig,
  options: LoadClusterAccessOptions & { readonly clock: Clock },
): Promise<ClusterAccess> {
  const contextName = options.context ?? config.currentContext;
  if (contextName === "")
    throw configError(config.file, `current-context is not set; contexts: ${names(config.contexts)}`);
  const context = pick(config, "context", contextName, config.contexts);
  const clusterName = requiredText(context, `contexts["${contextName}"]`, "cluster");
  const cluster = pick(config, "cluster", clusterName, config.clusters);
  const clusterPlace = `clusters["${clusterName}"]`;
  const server = requiredText(cluster, clusterPlace, "server");
  const proxyUrl = await resolveProxy(cluster, clusterPlace);
  const caPem = await pem(cluster, clusterPlace, "certificate-authority");
  const tlsServerName = text(cluster, clusterPlace, "tls-server-name");
  const namespace = text(context, `contexts["${contextName}"]`, "namespace");
  const userName = text(context, `contexts["${contextName}"]`, "user");
  const user = userName === "" ? undefined : pick(config, "user", userName, config.users);
  const { identity, ...credentials } =
    user === undefined
      ? {}
      : await resolveUser(user, userName, { ...options, cluster: { entry: cluster, server, caPem } });
  const caPath = caPem === undefined ? undefined : filePath(cluster, clusterPlace, "certificate-authority");
  const authority =
    caPath === undefined || caPem === undefined
      ? undefined
      : createTlsFiles({ caPem: caPath }, { caPem }, options.clock);
  const tlsSource = mergeTlsSources({ ...(caPem === undefined ? {} : { caPem }) }, authority, identity);
  return {
    server,
    ...(caPem === undefined ? {} : { caPem }),
    ...(tlsServerName === "" ? {} : { tlsServerName }),
    ...(cluster.value["insecure-skip-tls-verify"] === true ? { insecureSkipTlsVerify: true } : {}),
    ...(namespace === "" ? {} : { namespace }),
    ...(proxyUrl === "" ? {} : { proxyUrl }),
    ...credentials,
    ...(tlsSource === undefined ? {} : { tlsSource }),
    origin: `${config.file}, context "${contextName}"`,
  };
}

type UserCredentials = Partial<ClusterAccess> & { readonly identity?: TlsSource };

async function resolveUser(
  user: KubeconfigEntry,
  name: string,
  options: LoadClusterAccessOptions & {
    readonly clock: Clock;
    readonly cluster: ExecPluginCluster;
  },
): Promise<UserCredentials> {
  const place = `users["${name}"]`;
  const { clock } = options;
  refuseUnsupported(user, name, place);
  const clientCertificatePem = await pem(user, place, "client-certificate");
  const clientKeyPem = await pem(user, place, "client-key");
  if ((clientCertificatePem === undefined) !== (clientKeyPem === undefined)) {
    throw configError(user.file, `${place}: client-certificate and client-key belong together, one of them is missing`);
  }
  const impersonate = resolveImpersonation(user, place);
  const acting = impersonate === undefined ? {} : { impersonate };
  if (isRecord(user.value["exec"])) {
    const { execPlugins: policy = "all", isInteractive = false, env } = options;
    const { createExecCredentials } = await loadExecCredentials();
    const exec = createExecCredentials(user, { name, place }, options.cluster, { env, clock, policy, isInteractive });
    return { token: exec.tokens, identity: exec.identity, ...acting };
  }
  const token = await resolveToken(user, place, clock);
  const credentials = token === undefined ? acting : { token, ...acting };
  if (clientCertificatePem === undefined || clientKeyPem === undefined) return credentials;
  const files = {
    clientCertificatePem: filePath(user, place, "client-certificate"),
    clientKeyPem: filePath(user, place, "client-key"),
  };
  const first = { clientCertificatePem, clientKeyPem };
  const known = withoutUndefined(files);
  if (Object.keys(known).length === 0) return { ...first, ...credentials };
  return { ...first, identity: createTlsFiles(known, first, clock), ...credentials };
}

/** A password in it is kept out of the message. */
async function resolveProxy(cluster: KubeconfigEntry, place: string): Promise<string> {
  const proxyUrl = text(cluster, place, "proxy-url");
  if (proxyUrl === "") return "";
  try {
    (await loadProxy()).parseProxyUrl(proxyUrl);
  } catch (error) {
    throw configError(cluster.file, `${place}.proxy-url: ${(error as Error).message}`, error);
  }
  return proxyUrl;
}

/** Where `<key>` is read from, unless `<key>-data` has it inline. */
function filePath(entry: KubeconfigEntry, place: string, key: string): string | undefined {
  const path = text(entry, place, key);
  return path === "" || text(entry, place, `${key}-data`) !== "" ? undefined : resolvePath(entry, path);
}

function withoutUndefined<T extends object>(object: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };
}

/** A token file is read again while it is in use; `token` beside it serves until the file can be read. */
async function resolveToken(
  user: KubeconfigEntry,
  place: string,
  clock: Clock,
): Promise<string | TokenSource | undefined> {
  const token = text(user, place, "token").trim();
  const tokenFile = text(user, place, "tokenFile");
  if (tokenFile === "") return token === "" ? undefined : token;
  const source = createTokenFile(resolvePath(user, tokenFile), {
    clock,
    initialToken: token === "" ? undefined : token,
  });
  await source.token();
  return source;
}

function refuseUnsupported(user: KubeconfigEntry, name: string, place: string): void {
  const provider = user.value["auth-provider"];
  let problem: string | undefined;
  if (isRecord(provider)) {
    problem = `user "${name}" logs in with the provider "${String(provider["name"])}" (${place}.auth-provider), which Kubernetes itself has removed`;
  } else if (text(user, place, "username") !== "") {
    problem = `user "${name}" logs in with a password (${place}.username), which Kubernetes itself has removed`;
  }
  if (problem !== undefined) {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS", {
      file: user.file,
      problem,
      user: name,
    });
  }
}

function resolveImpersonation(user: KubeconfigEntry, place: string): Impersonation | undefined {
  const as = text(user, place, "as");
  const uid = text(user, place, "as-uid");
  const groups = user.value["as-groups"] ?? [];
  const extra = user.value["as-user-extra"] ?? {};
  if (!isTexts(groups)) throw configError(user.file, `${place}.as-groups is not a list of strings`);
  if (!isRecord(extra) || !Object.values(extra).every(isTexts)) {
    throw configError(user.file, `${place}.as-user-extra is not a map to lists of strings`);
  }
  if (as === "") {
    if (uid === "" && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
    throw configError(user.file, `${place}.as is missing: uid, groups and extra values need a user to act as`);
  }
  return { user: as, ...(uid === "" ? {} : { uid }), groups, extra: extra as Record<string, readonly string[]> };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function pick(
  config: Kubeconfig,
  what: string,
  name: string,
  entries: ReadonlyMap<string, KubeconfigEntry>,
): KubeconfigEntry {
  const entry = entries.get(name);
  if (entry === undefined)
    throw configError(config.file, `there is no ${what} "${name}"; there are: ${names(entries)}`);
  return entry;
}

function names(entries: ReadonlyMap<string, unknown>): string {
  return entries.size === 0 ? "none" : [...entries.keys()].join(", ");
}

function text(entry: KubeconfigEntry, place: string, key: string): string {
  const value = entry.value[key] ?? "";
  if (typeof value !== "string") throw configError(entry.file, `${place}.${key} is not a string`);
  return value;
}

function requiredText(entry: KubeconfigEntry, place: string, key: string): string {
  const value = text(entry, place, key);
  if (value === "") throw configError(entry.file, `${place}.${key} is missing`);
  return value;
}

function resolvePath(entry: KubeconfigEntry, path: string): string {
  return isAbsolute(path) ? path : join(entry.dir, path);
}

/** PEM text of `<key>-data` (base64), else of the file that `<key>` names. */
async function pem(entry: KubeconfigEntry, place: string, key: string): Promise<string | undefined> {
  const data = text(entry, place, `${key}-data`);
  const path = text(entry, place, key);
  if (data === "" && path === "") return undefined;
  let content: string;
  if (data !== "") {
    content = Buffer.from(data, "base64").toString("utf8");
  } else {
    try {
      content = await readBoundedFile(resolvePath(entry, path), MAX_PEM_BYTES);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw configError(entry.file, `${place}.${key} cannot be read: ${reason}`, error);
    }
  }
  if (!content.includes("-----BEGIN ")) {
    throw configError(entry.file, `${place}.${data === "" ? key : `${key}-data`} holds no PEM block`);
  }
  return content;
}
