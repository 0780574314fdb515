import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toModuleMap } from "../../../build/module-map.ts";
import { BundleMap, ModuleMap } from "./module-map.ts";

const map = new BundleMap({
  bundle: "kinglet.cjs",
  modules: ["src/a.ts", "src/b.ts"],
  starts: [1, 10, 0, 1, 50, 1, 3, 0, 0],
});

describe("BundleMap", () => {
  it("finds the part that a position lies in", () => {
    expect([
      map.moduleAt(0, 99),
      map.moduleAt(1, 9),
      map.moduleAt(1, 10),
      map.moduleAt(1, 49),
      map.moduleAt(1, 50),
      map.moduleAt(2, 0),
      map.moduleAt(3, 0),
      map.moduleAt(9, 9),
    ]).toEqual([undefined, undefined, "src/a.ts", "src/a.ts", "src/b.ts", "src/b.ts", "src/a.ts", "src/a.ts"]);
  });

  it("finds what a linear search finds", () => {
    const start = fc.tuple(fc.nat(5), fc.nat(5), fc.nat(1));
    fc.assert(
      fc.property(fc.array(start), fc.nat(6), fc.nat(6), (starts, line, column) => {
        const sorted = starts.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        const last = sorted.findLast((one) => one[0] < line || (one[0] === line && one[1] <= column));
        const own = new BundleMap({ bundle: "x", modules: ["a", "b"], starts: sorted.flat() });
        expect(own.moduleAt(line, column)).toBe(last && ["a", "b"][last[2]]);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("knows the bundle as a script and as an executable", () => {
    expect(
      ["/opt/kinglet.cjs", "kinglet", "/usr/bin/kinglet", "other.cjs", ""].map((name) => map.isNamed(name)),
    ).toEqual([true, true, true, false, false]);
  });
});

describe("ModuleMap", () => {
  const first = { bundle: "kinglet.cjs", modules: ["src/a.ts", "src/errors.ts"], starts: [] };
  const second = { bundle: "kinglet.sensor.cjs", modules: ["src/b.ts", "src/errors.ts"], starts: [] };
  const both = new ModuleMap({ format: 2, bundles: [first, second] });

  it("finds a bundle by its script's name", () => {
    expect(both.bundleNamed("./kinglet.sensor.cjs")?.has("src/b.ts")).toBe(true);
    expect(both.bundleNamed("/usr/bin/kinglet")?.has("src/a.ts")).toBe(true);
    expect(both.bundleNamed("kinglet.heap.cjs")).toBe(undefined);
  });

  it("finds a renamed bundle by a module that it holds", () => {
    expect(both.bundleWith("src/b.ts")?.isNamed("kinglet.sensor.cjs")).toBe(true);
    expect(both.bundleWith("src/c.ts")).toBe(undefined);
  });
});

describe("toModuleMap", () => {
  it("keeps the places where another source begins", () => {
    // Line 0: column 0 of source 0, column 4 of source 0, column 8 of source 1; line 2: column 3 of no source, column 20 of source 0.
    const mappings = "AAAA,IAAI,ICCA;;G,iBDAA";
    expect(toModuleMap({ sources: ["a.ts", null], mappings }, "x.cjs")).toEqual({
      bundle: "x.cjs",
      modules: ["a.ts", "(unknown)"],
      starts: [0, 0, 0, 0, 8, 1, 2, 20, 0],
    });
  });

  it("refuses what is not base64 VLQ, or names a source that is not there", () => {
    for (const mappings of ["A!AA", "gggggggggggggA", "g", "AEAA"]) {
      expect(() => toModuleMap({ sources: ["a.ts"], mappings }, "x.cjs")).toThrow(RangeError);
    }
  });
});
