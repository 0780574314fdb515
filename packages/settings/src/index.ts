export { settingsErrors, type SettingsErrorCode } from "./errors.ts";
export { loadSettings, type LoadedSettings, type SettingsSources } from "./load-settings.ts";
export { wantsHelp } from "./parse-arguments.ts";
export { printConfig } from "./print-config.ts";
export { tryParseBytes, tryParseDuration } from "./quantity.ts";
export { readTextFile } from "./read-text-file.ts";
export { renderHelp, type HelpOptions } from "./render-help.ts";
export { setting, type Setting, type SettingExtras, type SettingsSchema, type SettingsValues } from "./setting.ts";
