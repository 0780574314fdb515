import { describe, expect, it } from "vitest";
import { StringTable } from "./string-table.ts";

function read(table: StringTable, text: string): string {
  const bytes = Buffer.from(`<${text}>`);
  return table.intern(bytes, 1, bytes.length - 1);
}

describe("StringTable", () => {
  it("tells strings of one hash apart [client C11]", () => {
    // Each pair is one under FNV-1a of 32 bits; of equal and of different lengths.
    const pairs = [
      ["declinate", "macallums"],
      ["costarring", "liquid"],
      ["altarage", "zinke"],
    ] as const;
    for (const [one, other] of pairs) {
      const table = new StringTable();
      expect(read(table, one)).toBe(one);
      const { lastHash } = table;
      expect(read(table, other)).toBe(other);
      expect(table.lastHash).toBe(lastHash);
      expect(read(table, one)).toBe(one);
    }
  });

  it("reads any text, of any length, also where places run out [client C11]", () => {
    const table = new StringTable();
    const texts = Array.from({ length: 20_000 }, (_, index) => `n-${index % 9973}`);
    texts.push("", "ä€😀", "x".repeat(160), "x".repeat(161), "é".repeat(200));
    for (const text of texts) expect(read(table, text)).toBe(text);
  });
});
