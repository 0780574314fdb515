import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { commOf } from "./comm-of.ts";

describe("commOf", () => {
  it.each([
    ["/bin/sh", "sh"],
    ["sh", "sh"],
    ["/bin/", ""],
    ["", ""],
    ["/usr/bin/exactly-fifteen", "exactly-fifteen"],
    ["/usr/bin/sixteen-or-more!", "sixteen-or-more"],
    ["/opt/\u0441\u043b\u0443\u0436\u0431\u0430-\u0430\u0431", "\u0441\u043b\u0443\u0436\u0431\u0430-\u0430"],
    ["/opt/\u{1f600}\u{1f600}\u{1f600}\u{1f600}", "\u{1f600}\u{1f600}\u{1f600}"],
  ])("of %j is %j: 15 bytes of the file name", (path, name) => {
    expect(commOf(path)).toBe(name);
  });

  it("never has more bytes than the kernel keeps, and loses less than one character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (name) => {
        const whole = name.slice(name.lastIndexOf("/") + 1);
        const cut = commOf(name);
        expect(whole.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(15);
        if (cut !== whole) expect(Buffer.byteLength(cut)).toBeGreaterThan(11);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
