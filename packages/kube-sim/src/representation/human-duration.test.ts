import { describe, expect, it } from "vitest";
import { humanAge, humanDuration } from "./human-duration.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("humanDuration", () => {
  it.each([
    [-5000, "<invalid>"],
    [-500, "0s"],
    [0, "0s"],
    [119_000, "119s"],
    [2 * MINUTE, "2m"],
    [9 * MINUTE + 5000, "9m5s"],
    [10 * MINUTE, "10m"],
    [179 * MINUTE, "179m"],
    [3 * HOUR + 4 * MINUTE, "3h4m"],
    [8 * HOUR, "8h"],
    [47 * HOUR, "47h"],
    [2 * DAY, "2d"],
    [7 * DAY + 3 * HOUR, "7d3h"],
    [8 * DAY, "8d"],
    [2 * 365 * DAY, "2y"],
    [3 * 365 * DAY + DAY, "3y1d"],
    [9 * 365 * DAY, "9y"],
  ])("shows %d ms as %s", (milliseconds, text) => {
    expect(humanDuration(milliseconds)).toBe(text);
  });
});

describe("humanAge", () => {
  it("does not know the age of what has no time", () => {
    expect(humanAge(undefined, 0)).toBe("<unknown>");
    expect(humanAge("1970-01-01T00:00:10Z", 15_000)).toBe("5s");
  });
});
