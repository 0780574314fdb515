import { describe, expect, it } from "vitest";
import { sumOf, sumsByLabel } from "./metrics-text.ts";

const text = `# HELP seen_total Things.
# TYPE seen_total counter
seen_total{kind="exec",node="a"} 3
seen_total{kind="exit"} 4
seen_total{kind="exec",node="b"} 2
seen_total_other 9
heap_bytes 1.5e+6
`;

describe("sumsByLabel", () => {
  it("adds up the series of one metric by a label", () => {
    expect([...sumsByLabel(text, "seen_total", "kind")]).toEqual([
      ["exec", 5],
      ["exit", 4],
    ]);
  });
});

describe("sumOf", () => {
  it("adds up all series, with and without labels; 0 for a metric that is not there", () => {
    expect([sumOf(text, "seen_total"), sumOf(text, "heap_bytes"), sumOf(text, "none")]).toEqual([9, 1_500_000, 0]);
  });
});
