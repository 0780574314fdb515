import type { ObjectOf, Schema } from "@kinglet/lazy-schema";

/**
 * What a setting says beyond its schema.
 *
 * @public
 */
export interface SettingExtras {
  /** Further environment variables, looked at in this order after the one derived from the key. */
  readonly envAliases?: readonly string[];
  /** Heading in the help text. @defaultValue "Settings" */
  readonly group?: string;
  /** Word that stands for the value in the help text. @defaultValue made from the kind and unit */
  readonly placeholder?: string;
}

/** The schema of one setting. @public */
export type Setting<T = unknown> = Schema<T> & SettingExtras;

/** All settings of a program by key; keys are camelCase: `nodeName` is `--node-name` and `KINGLET_NODE_NAME`. @public */
export type SettingsSchema = Readonly<Record<string, Setting>>;

/** The typed values of a settings schema. @public */
export type SettingsValues<S extends SettingsSchema> = ObjectOf<S>;

/** Adds to a schema what only settings know. @public */
export function setting<S extends Schema>(schema: S, extras: SettingExtras): S & SettingExtras {
  return { ...schema, ...extras };
}

/** `nodeName` → `node-name`. */
export function toFlagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `nodeName` → `KINGLET_NODE_NAME`. */
export function toEnvName(key: string, prefix: string): string {
  return prefix + toFlagName(key).replaceAll("-", "_").toUpperCase();
}
