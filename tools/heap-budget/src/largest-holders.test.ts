import { describe, expect, it } from "vitest";
import { holdersOf } from "./largest-holders.ts";

describe("holdersOf", () => {
  it("sums objects by constructor and everything else by kind, largest first", () => {
    const meta = {
      node_fields: ["type", "name", "id", "self_size"],
      node_types: [["hidden", "string", "object", "code"]] as const,
    };
    const nodes = [2, 0, 1, 40, 2, 0, 3, 60, 1, 1, 5, 500, 3, 1, 7, 10];
    expect(holdersOf({ snapshot: { meta }, nodes, strings: ["Entry", "text"] }, 2)).toEqual([
      { name: "(string)", count: 1, bytes: 500 },
      { name: "Entry", count: 2, bytes: 100 },
    ]);
  });
});
