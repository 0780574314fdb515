import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAuditValue } from "../../test/audit-log-fixture.ts";
import { decodeAuditBytes, decodeAuditValue } from "./audit-value.ts";

describe("decodeAuditValue", () => {
  it("gives back every text that the kernel can write, in quotes or in hexadecimal [linux-audit values]", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, (value) => {
        expect(decodeAuditValue(encodeAuditValue(Buffer.from(value)))).toBe(Buffer.from(value).toString("utf8"));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("gives back every byte [linux-audit values]", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        expect(decodeAuditBytes(encodeAuditValue(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("knows what is not there", () => {
    expect(["(null)", "?", "(none)", "", '""'].map(decodeAuditValue)).toEqual(["", "", "", "", ""]);
  });

  it("takes hexadecimal digits in quotes for text", () => {
    expect(decodeAuditValue('"6869"')).toBe("6869");
    expect(decodeAuditValue("6869")).toBe("hi");
  });
});
