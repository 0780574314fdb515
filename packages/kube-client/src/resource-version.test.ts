import { describe, expect, it } from "vitest";
import { compareResourceVersions } from "./resource-version.ts";

describe("compareResourceVersions", () => {
  it("orders numbers of any length [client C3]", () => {
    expect(compareResourceVersions("9", "10")).toBeLessThan(0);
    expect(compareResourceVersions("99999999999999999999", "99999999999999999998")).toBeGreaterThan(0);
    expect(compareResourceVersions("12", "12")).toBe(0);
  });

  it("does not order what is not a version", () => {
    expect(compareResourceVersions("012", "12")).toBeUndefined();
    expect(compareResourceVersions("", "12")).toBeUndefined();
    expect(compareResourceVersions("abc", "abd")).toBeUndefined();
  });
});
