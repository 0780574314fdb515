import { array, boolean, integer, map, number, object, oneOf, optional, string } from "@kinglet/lazy-schema";
import { describe, expect, it } from "vitest";

import { wantsHelp } from "./parse-arguments.ts";
import { renderHelp } from "./render-help.ts";
import { setting } from "./setting.ts";

describe("renderHelp", () => {
  const schema = {
    nodeName: setting(string({ doc: "Node whose pods are watched" }), { envAliases: ["NODE_NAME"], group: "Scope" }),
    ignoredNamespaces: setting(array(string(), { default: ["kube-system"], doc: "Left alone." }), { group: "Scope" }),
    resync: integer({
      unit: "ms",
      min: 1_000,
      max: 3_600_000,
      default: 60_000,
      doc: "How often profiles are read again",
    }),
    format: oneOf(["json", "console"], { default: "json" }),
    color: optional(boolean({ doc: "Colours on a terminal" })),
  };

  it("explains every setting, grouped and wrapped", () => {
    const help = renderHelp(schema, { usage: "kinglet sensor [flags]", summary: "Watches pods.", width: 80 });
    expect(help).toMatchInlineSnapshot(`
      "Usage: kinglet sensor [flags]

      Watches pods.

      Scope
        --node-name TEXT          Node whose pods are watched. Required. Environment:
                                  KINGLET_NODE_NAME, NODE_NAME.
        --ignored-namespaces A,B,...
                                  Left alone. Default: kube-system. Environment:
                                  KINGLET_IGNORED_NAMESPACES.

      Settings
        --resync DURATION         How often profiles are read again. From 1s to 1h.
                                  Default: 1m. Environment: KINGLET_RESYNC.
        --format json|console     Default: json. Environment: KINGLET_FORMAT.
        --[no-]color              Colours on a terminal. Environment: KINGLET_COLOR.

      General
        --config FILE             YAML or JSON file with the same settings under their
                                  camelCase names. Environment: KINGLET_CONFIG.
        --print-config            Prints each value and where it came from, then ends.
                                  With --output json for programs.
        --help                    Prints this text.

      Flags win over the environment, the environment over the file, the file over
      defaults.
      "
    `);
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("shows ranges, units, placeholders and defaults of every kind", () => {
    const help = renderHelp(
      {
        least: integer({ min: 1_048_576, unit: "bytes", default: 2_097_152 }),
        most: number({ max: 5, default: 1, unit: "percent" }),
        share: optional(number({ unit: "percent" })),
        labels: map(string(), { default: {} }),
        none: array(string(), { default: [] }),
        blank: string({ default: "" }),
        shape: optional(object({})),
        path: setting(optional(string()), { placeholder: "FILE" }),
      },
      { usage: "x", summary: "y", envPrefix: "X_" },
    );
    for (const text of [
      /--least SIZE +At least 1Mi\. Default: 2Mi\. Environment: X_LEAST\./,
      /--most N +At most 5 percent\. Default: 1 percent\./,
      /--share N +In percent\. Environment/,
      /--labels K=V,\.\.\. +Default: \{\}\./,
      /--none A,B,\.\.\. +Default: none\./,
      /--blank TEXT +Default: empty\./,
      /--shape JSON +Environment/,
      /--path FILE +Environment/,
    ]) {
      expect(help).toMatch(text);
    }
  });

  it("keeps to 100 columns unless told otherwise", () => {
    const help = renderHelp(schema, { usage: "x", summary: "word ".repeat(100) });
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe("wantsHelp", () => {
  it("looks at flags only", () => {
    expect(wantsHelp(["--prot", "-h"])).toBe(true);
    expect(wantsHelp(["--", "--help"])).toBe(false);
    expect(wantsHelp([])).toBe(false);
  });
});
