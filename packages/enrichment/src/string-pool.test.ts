import { describe, expect, it } from "vitest";
import { StringPool } from "./string-pool.ts";

describe("StringPool", () => {
  it("gives back what it was given, and starts over when full", () => {
    const pool = new StringPool(2);
    for (const text of ["", "a", "b", "a", "c", "b", ""]) expect(pool.share(text)).toBe(text);
  });
});
