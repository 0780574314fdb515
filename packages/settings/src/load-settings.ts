import { createError } from "@kinglet/errors";
import { validate } from "@kinglet/lazy-schema";

import { settingsErrors } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { parseArguments } from "./parse-arguments.ts";
import { parseFileValue, parseText } from "./parse-text.ts";
import { readSettingsFile } from "./read-settings-file.ts";
import { readTextFile } from "./read-text-file.ts";
import { toEnvName, toFlagName, type Setting, type SettingsSchema, type SettingsValues } from "./setting.ts";

/**
 * Where settings come from. Nothing is read from the process itself: pass its arguments and environment.
 *
 * @public
 */
export interface SettingsSources {
  /** Arguments behind the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a bounded text file. @defaultValue {@link readTextFile} */
  readonly readFile?: (path: string, maxBytes: number, signal?: AbortSignal) => Promise<string>;
  /** Ends the wait for a file that is a pipe; what is thrown then is the signal's reason. @defaultValue none */
  readonly signal?: AbortSignal;
  /** Used when neither `--config` nor `KINGLET_CONFIG` names a file. @defaultValue none */
  readonly filePath?: string;
  /** @defaultValue "KINGLET_" */
  readonly envPrefix?: string;
  /** Variables with the prefix that other parts read; without a warning. @defaultValue none */
  readonly knownEnv?: readonly string[];
  /** How many arguments that are not flags are permitted. @defaultValue 0 */
  readonly maxPositionals?: number;
}

/**
 * The settings in force.
 *
 * @public
 */
export interface LoadedSettings<S extends SettingsSchema> {
  readonly values: SettingsValues<S>;
  /** Per key: `flag --node-name`, `environment NODE_NAME`, `file /etc/kinglet.yaml`, `default` or `not set`. */
  readonly origins: Readonly<Record<keyof S & string, string>>;
  /** Things that are probably mistakes but not errors, one line each: variables with the prefix that nobody reads. */
  readonly warnings: readonly string[];
  /** Arguments that are not flags. */
  readonly positionals: readonly string[];
  /** Set when `--print-config` was given: how to print. */
  readonly printConfig: "text" | "json" | undefined;
}

/** 1 MiB: a settings file is written by people. */
const maxFileBytes = 1_048_576;

/**
 * Puts settings together: a flag wins over the environment, that over the file, that over the default.
 *
 * Only the winning value is checked. Variables that are set to nothing count as not set.
 *
 * @param schema - all settings by key.
 * @returns the values, and where each one came from.
 * @throws `KINGLET_ERR_SETTINGS_INVALID`; `details.problems` lists every problem with key, value, permitted range and origin, one line each.
 *
 * @public
 */
export async function loadSettings<S extends SettingsSchema>(
  schema: S,
  sources: SettingsSources,
): Promise<LoadedSettings<S>> {
  const { env, envPrefix = "KINGLET_", readFile = readTextFile } = sources;
  const line = parseArguments(schema, sources.argv);
  const problems = [...line.problems];
  const surplus = line.positionals.slice(sources.maxPositionals ?? 0);
  for (const argument of surplus) problems.push(`unexpected argument ${JSON.stringify(argument.slice(0, 60))}`);

  const path = line.configPath ?? (env[`${envPrefix}CONFIG`] || sources.filePath);
  const file = path === undefined ? {} : await readSettingsFile(path, readFile, maxFileBytes, problems, sources.signal);
  for (const key of Object.keys(file)) {
    if (Object.hasOwn(schema, key)) continue;
    const meant = nearest(key, Object.keys(schema));
    problems.push(
      `${key.slice(0, 60)}: unknown key (file ${path})${meant === undefined ? "" : `, did you mean ${meant}?`}`,
    );
  }

  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const [key, node] of Object.entries(schema)) {
    const [given, origin] = find(key, node, line.flags, env, envPrefix, file, path);
    const result = validate(node, given);
    origins[key] = origin;
    if (result.ok) {
      if (result.value !== undefined) values[key] = result.value;
      continue;
    }
    for (const { path: inner, message } of result.problems) {
      const where = inner === "" || inner.startsWith("[") ? key + inner : `${key}.${inner}`;
      problems.push(`${where}: ${message} (${given === undefined ? waysToSet(key, node, envPrefix) : origin})`);
    }
  }

  if (problems.length > 0) {
    const count = problems.length === 1 ? "1 problem in the settings" : `${problems.length} problems in the settings`;
    throw createError(settingsErrors, "KINGLET_ERR_SETTINGS_INVALID", {
      count,
      summary: problems.join("; "),
      problems,
    });
  }
  return {
    // Every key was checked against its own schema above.
    values: values as SettingsValues<S>,
    origins: origins as Record<keyof S & string, string>,
    warnings: unreadVariables(schema, sources, envPrefix),
    positionals: line.positionals,
    printConfig: line.printConfig,
  };
}

function find(
  key: string,
  node: Setting,
  flags: ReadonlyMap<string, readonly string[]>,
  env: SettingsSources["env"],
  envPrefix: string,
  file: Readonly<Record<string, unknown>>,
  path: string | undefined,
): [value: unknown, origin: string] {
  const texts = flags.get(key);
  if (texts !== undefined) return [parseText(node, texts.join(",")), `flag --${toFlagName(key)}`];
  for (const name of [toEnvName(key, envPrefix), ...(node.envAliases ?? [])]) {
    const text = env[name];
    if (text !== undefined && text !== "") return [parseText(node, text), `environment ${name}`];
  }
  if (Object.hasOwn(file, key) && file[key] !== null) return [parseFileValue(node, file[key]), `file ${path}`];
  return [undefined, node.default === undefined ? "not set" : "default"];
}

function waysToSet(key: string, node: Setting, envPrefix: string): string {
  const names = [toEnvName(key, envPrefix), ...(node.envAliases ?? [])];
  return `set --${toFlagName(key)}, ${names.join(", ")}, or ${key} in the file`;
}

function unreadVariables(schema: SettingsSchema, sources: SettingsSources, envPrefix: string): string[] {
  const known = new Set([`${envPrefix}CONFIG`, ...(sources.knownEnv ?? [])]);
  for (const [key, node] of Object.entries(schema)) {
    known.add(toEnvName(key, envPrefix));
    for (const alias of node.envAliases ?? []) known.add(alias);
  }
  const warnings: string[] = [];
  for (const name of Object.keys(sources.env)) {
    if (!name.startsWith(envPrefix) || known.has(name)) continue;
    const meant = nearest(name, known);
    warnings.push(
      `${name.slice(0, 60)} is set but nothing reads it${meant === undefined ? "" : `, did you mean ${meant}?`}`,
    );
  }
  return warnings;
}
