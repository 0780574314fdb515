import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader, frameOf } from "./frame-reader.ts";

function collect(maxMessageBytes = 1000): { reader: FrameReader; messages: string[]; tooLong: number[] } {
  const messages: string[] = [];
  const tooLong: number[] = [];
  const reader = new FrameReader({
    maxMessageBytes,
    onMessage: (bytes, start, end) => messages.push(bytes.toString("latin1", start, end)),
    onTooLong: (length) => tooLong.push(length),
  });
  return { reader, messages, tooLong };
}

describe("FrameReader", () => {
  it("gives the same messages wherever the chunks are cut [tetragon-grpc F1]", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary-ascii", maxLength: 40 })),
        fc.array(fc.nat(200)),
        (texts, cuts) => {
          const { reader, messages } = collect();
          const body = Buffer.concat(texts.map((text) => frameOf(Buffer.from(text, "latin1"))));
          const places = [...new Set([0, ...cuts.filter((cut) => cut < body.length), body.length])].toSorted(
            (a, b) => a - b,
          );
          for (let index = 1; index < places.length; index++) {
            expect(reader.push(body.subarray(places[index - 1], places[index]))).toBe(true);
          }
          expect(messages).toEqual(texts);
          expect(reader.isBetweenMessages).toBe(true);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it("passes over a message that is too long, keeps nothing of it and goes on behind it [tetragon-grpc F2]", () => {
    const { reader, messages, tooLong } = collect(10);
    const body = Buffer.concat([
      frameOf(Buffer.alloc(5, "a")),
      frameOf(Buffer.alloc(11, "b")),
      frameOf(Buffer.alloc(10, "c")),
    ]);
    for (const byte of body) reader.push(Buffer.from([byte]));
    expect(messages).toEqual(["aaaaa", "cccccccccc"]);
    expect(tooLong).toEqual([11]);
  });

  it("says that a compressed message cannot be read, and whether a body was cut [tetragon-grpc F3]", () => {
    expect(collect().reader.push(Buffer.from([1, 0, 0, 0, 1, 65]))).toBe(false);
    for (const part of [[0], [0, 0, 0, 0, 2], [0, 0, 0, 0, 2, 65]]) {
      const { reader } = collect();
      reader.push(Buffer.from(part));
      expect(reader.isBetweenMessages).toBe(false);
    }
  });
});
