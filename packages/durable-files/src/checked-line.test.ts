import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeLine, encodeLine } from "./checked-line.ts";

describe("encodeLine", () => {
  it("makes one line that reads back as the record [files L-1]", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (record) => {
        const line = encodeLine(record);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(decodeLine(line.slice(0, -1))).toEqual(JSON.parse(JSON.stringify(record)));
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it("keeps its form between versions: files outlive them [files L-1]", () => {
    expect(encodeLine({ n: 1 })).toBe('fdef5c20 {"n":1}\n');
  });
});

describe("decodeLine", () => {
  it("takes no line of which a character changed, and nothing else [files L-1]", () => {
    const line = encodeLine({ name: "web", n: 12 }).slice(0, -1);
    for (let at = 0; at < line.length; at++) {
      expect(decodeLine(`${line.slice(0, at)}~${line.slice(at + 1)}`)).toBeUndefined();
    }
    for (const other of ["", "fdef5c20", "x".repeat(100), line.slice(1), `${line} `]) {
      expect(decodeLine(other)).toBeUndefined();
    }
  });
});
