import { integer, lazy, oneOf, optional, string, type Lazy } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";

function buildSettings() {
  const report = "Comparison";
  return {
    top: setting(
      integer({ min: 1, max: 100_000, default: 20, doc: "Rows per table; the others are added up in one" }),
      { group: report },
    ),
    output: setting(
      oneOf(["text", "json"], { default: "text", doc: "How the comparison is written: tables, or one JSON object" }),
      { group: report },
    ),
    modules: setting(
      optional(
        string({
          min: 1,
          max: 4096,
          doc:
            "Module map of the build that made both snapshots, which divides Kinglet's bundle into its source modules; else the " +
            "kinglet.modules.json next to this program, if there is one",
        }),
      ),
      { group: report, placeholder: "FILE" },
    ),
  };
}

/** Settings of `heap`; built at the first use. */
export const heapSettings: Lazy<ReturnType<typeof buildSettings>> = lazy(buildSettings);

/** The settings of `heap`, checked. */
export type HeapConfig = SettingsValues<ReturnType<typeof buildSettings>>;
