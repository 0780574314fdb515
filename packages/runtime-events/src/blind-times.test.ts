import { describe, expect, it } from "vitest";
import { BlindTimes } from "./blind-times.ts";

describe("BlindTimes", () => {
  it("keeps the first reason while one lasts, and where it began [events blind]", () => {
    const times = new BlindTimes();
    times.begin(10, "one");
    times.begin(20, "two");
    expect(times.list(30)).toEqual([{ fromMs: 10, untilMs: undefined, reason: "one" }]);
    times.end(5);
    times.end(40);
    expect(times.list(40)).toEqual([{ fromMs: 10, untilMs: 10, reason: "one" }]);
  });

  it("tells nothing of a pause that is shorter than its grace, unless it turns out to be more [events blind]", () => {
    const times = new BlindTimes();
    times.begin(10, "rotation", 100);
    expect(times.list(109)).toEqual([]);
    expect(times.list(110)).toHaveLength(1);
    times.end(109);
    times.begin(200, "rotation", 100);
    times.begin(210, "gone");
    expect(times.list(211)).toMatchObject([{ fromMs: 200, reason: "rotation" }]);
    times.end(220);
    expect(times.list(300)).toEqual([{ fromMs: 200, untilMs: 220, reason: "rotation" }]);
  });

  it("hides no time of the last ten minutes however many there are, and forgets older ones [events blind]", () => {
    const times = new BlindTimes();
    for (let at = 0; at < 100; at++) times.record({ fromMs: at * 1000, untilMs: at * 1000 + 1, reason: "r" });
    expect(times.list(0)).toHaveLength(16);
    expect(times.list(0)[0]).toEqual({ fromMs: 0, untilMs: 84_001, reason: "r" });
    for (let at = 0; at < 16; at++) times.record({ fromMs: 1e7 + at, untilMs: 1e7 + at, reason: "r" });
    expect(times.list(0)[0]?.fromMs).toBe(1e7);
  });
});
