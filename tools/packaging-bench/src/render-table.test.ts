import { describe, expect, it } from "vitest";
import { renderTable } from "./render-table.ts";

describe("renderTable", () => {
  it("prints medians, the ratio to the bare start, and a refused cache", () => {
    const program = { name: "a", command: [], target: "/a", env: {}, fileBytes: 116_000_000, buildMs: 1500 };
    const row = {
      anonymous: [15e6, 16e6, 30e6],
      rss: [60e6, 60e6, 61e6],
      mainMs: [20, 21, 22],
      readyMs: [60, 70, 80],
      isCacheAccepted: false,
    };
    const table = renderTable({ runs: new Map([[program, row]]), bareNodeMs: [30, 28, 26] });
    expect(table).toContain("| a | 16.00 | 60.00 | 21.0 | 20.0 | 70.0 | 60.0 | 2.50 | 116.00 | 1.5 | cache refused |");
    expect(table).toContain("bare node -e 0: 28.0 ms, fastest 26.0 ms");
  });
});
