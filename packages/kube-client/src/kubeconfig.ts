import { createError } from "@kinglet/errors";
import { dirname } from "node:path";
import { kubeClientErrors } from "./errors.ts";
import { loadYaml } from "./lazy.ts";
import { readBoundedFile } from "./read-bounded-file.ts";

/** One named entry, with the file it came from: relative paths in it count from there. */
export interface KubeconfigEntry {
  readonly value: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly dir: string;
}

/** A kubeconfig, or several merged. */
export interface Kubeconfig {
  /** For messages. */
  readonly file: string;
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, KubeconfigEntry>;
  readonly users: ReadonlyMap<string, KubeconfigEntry>;
  readonly contexts: ReadonlyMap<string, KubeconfigEntry>;
}

/** The largest real ones (hundreds of clusters with inline certificates) are about 1 MiB. */
const MAX_FILE_BYTES = 4_194_304;

/** @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when the file cannot be read, is too large, or is not a kubeconfig. */
export async function readKubeconfig(path: string): Promise<Kubeconfig> {
  return parseKubeconfig(await parseText(await readText(path), path), path, dirname(path));
}

/** @throws KINGLET_ERR_KUBE_CLIENT_CONFIG naming the key that is not of the form it must have. */
export function parseKubeconfig(document: unknown, file: string, dir: string): Kubeconfig {
  if (!isRecord(document))
    throw configError(file, "is not a kubeconfig: it must be an object with clusters, users and contexts");
  const kind = document["kind"];
  if (kind !== undefined && kind !== "Config") throw configError(file, `kind is ${JSON.stringify(kind)}, not "Config"`);
  const currentContext = document["current-context"] ?? "";
  if (typeof currentContext !== "string") throw configError(file, "current-context is not a string");
  return {
    file,
    currentContext,
    clusters: parseEntries(document, "clusters", "cluster", file, dir),
    users: parseEntries(document, "users", "user", file, dir),
    contexts: parseEntries(document, "contexts", "context", file, dir),
  };
}

/** Merges as kubectl does: for each name, and for the current context, the first file that says something wins. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const clusters = new Map<string, KubeconfigEntry>();
  const users = new Map<string, KubeconfigEntry>();
  const contexts = new Map<string, KubeconfigEntry>();
  for (const config of configs) {
    for (const [name, entry] of config.clusters) if (!clusters.has(name)) clusters.set(name, entry);
    for (const [name, entry] of config.users) if (!users.has(name)) users.set(name, entry);
    for (const [name, entry] of config.contexts) if (!contexts.has(name)) contexts.set(name, entry);
  }
  return {
    file: configs.map((config) => config.file).join(":"),
    currentContext: configs.find((config) => config.currentContext !== "")?.currentContext ?? "",
    clusters,
    users,
    contexts,
  };
}

/** A KINGLET_ERR_KUBE_CLIENT_CONFIG about `file`. */
export function configError(file: string, problem: string, cause?: unknown): Error {
  return createError(
    kubeClientErrors,
    "KINGLET_ERR_KUBE_CLIENT_CONFIG",
    { file, problem },
    cause === undefined ? {} : { cause },
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseEntries(
  document: Readonly<Record<string, unknown>>,
  listKey: string,
  valueKey: string,
  file: string,
  dir: string,
): Map<string, KubeconfigEntry> {
  const entries = new Map<string, KubeconfigEntry>();
  const list = document[listKey] ?? [];
  if (!Array.isArray(list)) throw configError(file, `${listKey} is not a list`);
  for (const [index, item] of list.entries()) {
    const name: unknown = isRecord(item) ? item["name"] : undefined;
    if (!isRecord(item) || typeof name !== "string") throw configError(file, `${listKey}[${index}].name is missing`);
    const value = item[valueKey] ?? {};
    if (!isRecord(value)) throw configError(file, `${listKey}[${index}].${valueKey} of "${name}" is not an object`);
    if (!entries.has(name)) entries.set(name, { value, file, dir });
  }
  return entries;
}

async function readText(path: string): Promise<string> {
  try {
    return await readBoundedFile(path, MAX_FILE_BYTES);
  } catch (error) {
    throw configError(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

async function parseText(text: string, file: string): Promise<unknown> {
  if (text.trim() === "") throw configError(file, "is empty");
  if (text.trimStart().startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      // Flow-style YAML begins with a brace too: the YAML parser has the last word and the better message.
    }
  }
  const yaml = await loadYaml();
  try {
    return yaml.parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw configError(
      file,
      `is neither JSON nor YAML: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
      error,
    );
  }
}
