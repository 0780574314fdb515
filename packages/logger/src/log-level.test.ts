import { hasCode } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { parseModuleLevels, tryParseLogLevel } from "./log-level.ts";

describe("tryParseLogLevel", () => {
  it("[logger levels] reads levels in any case and nothing else", () => {
    expect(["INFO", " debug ", "Fatal", "panic", ""].map(tryParseLogLevel)).toEqual([
      "info",
      "debug",
      "fatal",
      undefined,
      undefined,
    ]);
  });
});

describe("parseModuleLevels", () => {
  it("[logger levels] reads pairs", () => {
    expect([...parseModuleLevels("a=debug, b/c=WARN")]).toEqual([
      ["a", "debug"],
      ["b/c", "warn"],
    ]);
    expect(parseModuleLevels("").size).toBe(0);
  });

  it.each(["a", "a=", "=debug", "a=debug,b", "a=debug,b=loud"])("[logger levels] refuses %j as a whole", (text) => {
    try {
      parseModuleLevels(text);
      expect.unreachable();
    } catch (error) {
      expect(hasCode(error, "KINGLET_ERR_LOGGER_MODULE_LEVELS")).toBe(true);
    }
  });
});
