import { integer, map, optional, secret, string } from "@kinglet/lazy-schema";
import { describe, expect, it } from "vitest";

import { loadSettings } from "./load-settings.ts";
import { printConfig } from "./print-config.ts";

const schema = {
  nodeName: string(),
  interval: integer({ unit: "ms", default: 60_000 }),
  memory: integer({ unit: "bytes", default: 134_217_728 }),
  labels: optional(map(string())),
  token: optional(secret()),
  zone: optional(string()),
};

const argv = ["--node-name", "n: 1", "--token", "hunter22", "--labels", "a=b"];

describe("printConfig", () => {
  it("prints values with their origin, secrets redacted", async () => {
    expect(printConfig(schema, await loadSettings(schema, { argv, env: {} }))).toBe(
      [
        'nodeName: "n: 1"     # flag --node-name',
        "interval: 1m         # default",
        "memory: 128Mi        # default",
        'labels: {"a":"b"}    # flag --labels',
        'token: "[redacted]"  # flag --token',
        "# zone:              # not set",
        "",
      ].join("\n"),
    );
  });

  it("prints a file that gives the same values again", async () => {
    const first = await loadSettings(schema, { argv: ["--node-name=n", "--interval=90s"], env: {} });
    const text = printConfig(schema, first);
    const again = await loadSettings(schema, { argv: [], env: {}, filePath: "saved", readFile: async () => text });
    expect(again.values).toEqual(first.values);
  });

  it("prints JSON for programs", async () => {
    const settings = await loadSettings(schema, { argv, env: {} });
    expect(JSON.parse(printConfig(schema, settings, "json"))).toMatchObject({
      interval: { value: 60_000, origin: "default" },
      token: { value: "[redacted]", origin: "flag --token" },
      zone: { value: null, origin: "not set" },
    });
  });
});
