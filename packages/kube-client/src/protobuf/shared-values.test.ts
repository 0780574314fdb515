import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedValues } from "./shared-values.ts";

/** Every value at one place, as if all hashes were the same. */
const HASH = 7;

describe("SharedValues", () => {
  it("gives equal objects as the one that came first [client C11]", () => {
    const values = new SharedValues();
    const first = { app: "a", ports: [{ port: 1, isOpen: true }] };
    expect(values.share(first, HASH)).toBe(first);
    expect(values.share(structuredClone(first), HASH)).toBe(first);
  });

  it.each([
    ["another key", { a: "x" }, { b: "x" }],
    ["another value", { a: "x" }, { a: "y" }],
    ["a key more", { a: "x" }, { a: "x", b: "y" }],
    ["a key less", { a: "x", b: "y" }, { a: "x" }],
    ["the keys in another order", { a: "x", b: "y" }, { b: "y", a: "x" }],
    ["an element more", [{ a: "x" }], [{ a: "x" }, { a: "y" }]],
    ["an element less", [{ a: "x" }, { a: "y" }], [{ a: "x" }]],
    ["another element inside", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    ["a list for a map", { a: {} }, { a: [] }],
    ["a map for a list", { a: [] }, { a: {} }],
    ["null for a map", { a: {} }, { a: null }],
    ["a map for null", { a: null }, { a: {} }],
  ])("keeps objects of one hash apart that differ by %s [client C11]", (_what, one, other) => {
    const values = new SharedValues();
    values.share(one, HASH);
    const given = values.share(other, HASH);
    expect(given).toBe(other);
    expect(JSON.stringify(given)).toBe(JSON.stringify(other));
  });

  it("gives for any sequence what was put in, by content [client C11]", () => {
    // Few keys and values, so that many are nearly equal.
    const text = fc.constantFrom("", "a", "b", "ab");
    const { value } = fc.letrec<{ value: object }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.dictionary(text, fc.oneof(text, fc.nat(2), fc.boolean(), fc.constant(null), tie("value"))),
        fc.array(fc.oneof(text, tie("value")), { maxLength: 3 }),
      ),
    }));
    const property = fc.property(fc.array(value, { minLength: 2, maxLength: 30 }), (sequence) => {
      const values = new SharedValues();
      for (const one of sequence) {
        const content = JSON.stringify(one);
        expect(JSON.stringify(values.share(one, HASH))).toBe(content);
      }
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("makes equal elements of different lists one object", () => {
    const values = new SharedValues();
    const [sidecar] = values.share([{ name: "proxy", image: "p" }, { name: "a" }], 1);
    const second = values.share([{ name: "proxy", image: "p" }, { name: "b" }], 2);
    expect(second[0]).toBe(sidecar);
  });
});
