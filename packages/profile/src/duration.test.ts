import { describe, expect, it } from "vitest";

import { formatDuration, parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  it("reads what Go writes", () => {
    expect(parseDuration("24h")).toBe(86_400_000);
    expect(parseDuration("1h30m")).toBe(5_400_000);
    expect(parseDuration("1.5h")).toBe(5_400_000);
    expect(parseDuration(".5s")).toBe(500);
    expect(parseDuration("10m0s")).toBe(600_000);
    expect(parseDuration("250ms")).toBe(250);
    expect(parseDuration("2000us")).toBe(2);
  });

  it("says nothing for anything else", () => {
    for (const text of ["", "0", "0s", "-1h", "1", "h", "1 h", "1d", "1h-", "1..5h", "9".repeat(70) + "h", "1e3s"]) {
      expect([text, parseDuration(text)]).toEqual([text, undefined]);
    }
  });
});

describe("formatDuration", () => {
  it("leaves out the zeros at the end", () => {
    expect([86_400_000, 600_000, 5_400_000, 90_000, 30_999, 0, 3_605_000].map(formatDuration)).toEqual([
      "24h",
      "10m",
      "1h30m",
      "1m30s",
      "30s",
      "0s",
      "1h0m5s",
    ]);
  });
});
