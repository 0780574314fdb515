import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineBuffer } from "./line-buffer.ts";

/** Feeds bytes in pieces of the given sizes, over and over. */
function linesOf(bytes: Buffer, sizes: readonly number[], lines: LineBuffer): [number, string][] {
  const found: [number, string][] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const start = lines.makeRoom();
    const count = Math.min(sizes[turn % sizes.length]!, lines.bytes.length - start, bytes.length - at);
    bytes.copy(lines.bytes, start, at, at + count);
    lines.added(count);
    at += count;
    while (lines.next()) {
      const offset = lines.nextOffset - 1 - (lines.lineEnd - lines.lineStart);
      found.push([offset, lines.bytes.toString("latin1", lines.lineStart, lines.lineEnd)]);
    }
  }
  return found;
}

describe("LineBuffer", () => {
  it("cuts the same lines as splitting the whole text does, whatever the pieces", () => {
    const line = fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }) },
      { weight: 3, arbitrary: fc.integer({ min: 60_000, max: 140_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 150_000, max: 400_000 }) },
    );
    const property = fc.property(
      fc.array(line, { maxLength: 30 }),
      fc
        .array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 })
        .filter((sizes) => sizes.some((size) => size > 1000)),
      fc.nat(20),
      (lengths, sizes, tail) => {
        const maxLineBytes = 120_000;
        const text = `${lengths.map((length, at) => String.fromCharCode(97 + (at % 26)).repeat(length)).join("\n")}\n`;
        const whole = lengths.length === 0 ? [] : text.slice(0, -1).split("\n");
        const bytes = Buffer.from((lengths.length === 0 ? "" : text) + "z".repeat(tail), "latin1");
        const lines = new LineBuffer(maxLineBytes);
        const found = linesOf(bytes, sizes, lines);
        let offset = 0;
        const expected: [number, string][] = [];
        for (const one of whole) {
          if (one.length <= maxLineBytes) expected.push([offset, one]);
          offset += one.length + 1;
        }
        expect(found.map(([at, one]) => [at, one.length, one[0]])).toEqual(
          expected.map(([at, one]) => [at, one.length, one[0]]),
        );
        expect(lines.tooLong).toBe(whole.length - expected.length);
        expect(lines.readOffset).toBe(bytes.length);
        expect(lines.nextOffset).toBe(offset);
        expect(lines.hasPartialLine).toBe(tail > 0);
      },
    );
    fc.assert(property, { seed: 1, numRuns: 100 });
  });

  it("passes over the rest of a line that it is put into", () => {
    const lines = new LineBuffer(1024);
    lines.reset(100, true);
    expect(linesOf(Buffer.from("rest\nnext\n"), [3], lines)).toEqual([[105, "next"]]);
  });
});
