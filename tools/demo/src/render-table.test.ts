import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit, renderTable } from "./render-table.ts";

describe("renderTable", () => {
  it("aligns columns under their titles, numbers to the right", () => {
    const columns = [{ title: "NAME" }, { title: "COUNT", align: "right" as const }, { title: "WHAT" }];
    const text = renderTable(columns, [
      ["a", "12", "x"],
      ["longer", "3", ""],
    ]);
    expect(text).toBe("NAME    COUNT  WHAT\na          12  x\nlonger      3\n");
  });

  it("cuts long cells and fills missing ones", () => {
    expect(renderTable([{ title: "A", maxWidth: 4 }, { title: "B" }], [["abcdefgh"]])).toBe("A     B\nabc…\n");
  });

  it("has one line per row whatever the cells hold", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }))), (rows) => {
        expect(renderTable([{ title: "A" }, { title: "B" }], rows).split("\n")).toHaveLength(rows.length + 2);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("fit", () => {
  it("shows control characters as question marks", () => {
    expect(fit("a\u001b[31mb\nc\u202ed", 20)).toBe("a?[31mb?c?d");
  });
});
