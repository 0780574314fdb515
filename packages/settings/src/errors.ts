import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type SettingsErrorCode = "KINGLET_ERR_SETTINGS_INVALID" | "KINGLET_ERR_SETTINGS_FILE";

/**
 * Error codes of `@kinglet/settings`.
 *
 * @public
 */
export const settingsErrors: Readonly<Record<SettingsErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_SETTINGS_INVALID: {
    message: "{count}: {summary}",
    retryable: false,
    remedy:
      "Correct the settings named above; --help lists all of them, --print-config shows where each value comes from.",
  },
  KINGLET_ERR_SETTINGS_FILE: {
    message: "{path} cannot be used: {reason}",
    retryable: false,
    remedy: "Name a readable text file of moderate size.",
  },
};
