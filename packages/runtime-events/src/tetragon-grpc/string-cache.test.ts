import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StringCache } from "./string-cache.ts";

describe("StringCache", () => {
  it("gives what decoding gives, whatever was read before and whatever the bytes [tetragon-grpc D9]", () => {
    const cache = new StringCache();
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 100 }).map((one) => Buffer.from(one)),
      fc.uint8Array({ maxLength: 90 }),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
        const bytes = Buffer.concat([Buffer.from("~~"), ...texts, Buffer.from("~~")]);
        let at = 2;
        for (const one of [...texts, ...texts]) {
          if (at + one.length > bytes.length - 2) at = 2;
          expect(cache.read(bytes, at, at + one.length)).toBe(bytes.toString("utf8", at, at + one.length));
          at += one.length;
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
