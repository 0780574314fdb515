import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StringBytes } from "./string-bytes.ts";

/** Feeds the inside of a JSON string. */
function read(json: string): string {
  const bytes = new StringBytes();
  for (const byte of Buffer.from(json)) {
    if (bytes.isInEscape) {
      if (!bytes.addEscaped(byte)) throw new Error(`refused ${json}`);
    } else if (byte === 0x5c) bytes.beginEscape();
    else bytes.add(byte);
  }
  return bytes.toString();
}

const escapeAll = (text: string): string =>
  Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

describe("StringBytes", () => {
  it("gives what JSON.parse gives, however the string is escaped", () => {
    const text = fc.string({ unit: "binary", maxLength: 100 });
    fc.assert(
      fc.property(text, (one) => {
        const wellFormed = one.toWellFormed();
        expect(read(JSON.stringify(wellFormed).slice(1, -1))).toBe(wellFormed);
        expect(read(escapeAll(one))).toBe(wellFormed);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("keeps a leading byte order mark, which distinguishes names", () => {
    expect(read("\ufeffa")).toBe("\ufeffa");
  });

  it("replaces unpaired surrogates", () => {
    expect(read("\\ud800x\\udc00\\ud83d\\ud83d\\ude00\\ud800")).toBe("\ufffdx\ufffd\ufffd\u{1f600}\ufffd");
  });

  it("keeps the first 512 bytes and says that it cut, never through a character", () => {
    expect(read("a".repeat(512))).toBe("a".repeat(512));
    expect(read("a".repeat(600))).toBe(`${"a".repeat(512)}…`);
    expect(read(`${"a".repeat(511)}äb`)).toBe(`${"a".repeat(511)}…`);
  });
});
