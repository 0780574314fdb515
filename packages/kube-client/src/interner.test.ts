import { describe, expect, it } from "vitest";
import { Interner } from "./interner.ts";

describe("Interner", () => {
  it("stays within its bound whatever comes, and keeps what keeps coming", () => {
    const interner = new Interner(10, 20);
    for (let index = 0; index < 1000; index++) {
      expect(interner.intern("often")).toBe("often");
      expect(interner.intern(`once-${index}`)).toBe(`once-${index}`);
      expect(interner.size).toBeLessThanOrEqual(20);
    }
  });

  it("does not hold long strings", () => {
    const interner = new Interner(10, 20);
    expect(interner.intern("x".repeat(21))).toHaveLength(21);
    expect(interner.size).toBe(0);
  });
});
