import { describe, expect, it } from "vitest";
import { isEventTime } from "./event-time.ts";

describe("isEventTime", () => {
  it.each([
    "2026-11-21T17:00:00Z",
    "2026-11-21T17:00:00.1Z",
    "2026-11-21T17:00:00.123456789Z",
    "2026-12-31T23:59:60Z",
    "2026-11-21T17:00:00+05:30",
    "2026-11-21T17:00:00.123456789-12:00",
  ])("takes %s [events time]", (text) => {
    expect(isEventTime(text)).toBe(true);
  });

  it.each([
    "",
    "not a time",
    "<script>alert(1)</script>",
    "2026-11-21",
    "2026-11-21T17:00:00",
    "2026-11-21 17:00:00Z",
    "2026-11-21T17:00:00.Z",
    "2026-11-21T17:00:00.1234567890Z",
    "2026-11-21T17:00:00Z\n",
    "2026-13-21T17:00:00Z",
    "2026-00-21T17:00:00Z",
    "2026-11-32T17:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T17:60:00Z",
    "2026-11-21T17:00:00+0530",
    "2026-11-21T17:00:00+24:00",
    "2026-11-21T17:00:00+05:3x",
    "20x6-11-21T17:00:00Z",
  ])("refuses %j [events time]", (text) => {
    expect(isEventTime(text)).toBe(false);
  });
});
