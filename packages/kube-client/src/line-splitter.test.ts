import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Buffer[], maxLineBytes = 1024 * 1024): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(maxLineBytes);
  for (const chunk of chunks) splitter.push(chunk, lines);
  return lines;
}

describe("LineSplitter", () => {
  it("splits at 0x0A only and keeps characters whole at every cut [client W9]", () => {
    const expected = ["a\u2028b\u2029c\r", "ä€😀", "last"];
    const bytes = Buffer.from(`${expected.join("\n")}\n`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(split([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
    expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it("equals String.split for any text and any cuts", () => {
    const property = fc.property(
      fc.array(fc.string({ unit: "binary" })),
      fc.array(fc.nat(), { maxLength: 8 }),
      (texts, cuts) => {
        const text = `${texts.join("\n")}\n`;
        const bytes = Buffer.from(text);
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(split(chunks)).toEqual(
          bytes
            .toString()
            .split("\n")
            .filter((line) => line !== ""),
        );
      },
    );
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("holds a line of 15 MiB and refuses one beyond the limit [start-up L4e] [client W9]", () => {
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    const limit = 16 * 1024 * 1024;
    const [line] = split([...Array.from({ length: 15 }, () => chunk), Buffer.from("\n")], limit);
    expect(line).toHaveLength(15 * 1024 * 1024);
    expect(() =>
      split(
        Array.from({ length: 20 }, () => chunk),
        limit,
      ),
    ).toThrow(expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE" }));
  });

  it("refuses a line beyond the limit that came in one chunk [client W9]", () => {
    expect(split([Buffer.from("abcd\nefg\n")], 4)).toEqual(["abcd", "efg"]);
    expect(() => split([Buffer.from("ab\nabcde\nefg\n")], 4)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE" }),
    );
  });

  it("hands on nothing of a line that does not end [client W8]", () => {
    expect(split([Buffer.from('{"a":1}\n{"b":')])).toEqual(['{"a":1}']);
  });
});
