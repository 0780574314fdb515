import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileProjectionSpec } from "./compile-projection-spec.ts";
import { coversProjection } from "./covers-projection.ts";
import { keepEverything, type ProjectionSpec } from "./projection-spec.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 });
const pattern = fc
  .constantFrom("exact", "prefix", "suffix", "contains")
  .chain((kind) => text.map((one) => ({ [kind]: one })));
const declaration = fc.oneof(
  { weight: 1, arbitrary: fc.constant("all") },
  { weight: 8, arbitrary: fc.array(pattern, { minLength: 1, maxLength: 3 }) },
);
const anySpec = fc
  .option(declaration, { nil: undefined, freq: 8 })
  .map((opens): ProjectionSpec => (opens === undefined ? keepEverything : compileProjectionSpec([{ opens }])));

/** Every text of up to five letters. */
const texts = [""];
for (let at = 0; at < 31; at += 1) texts.push(`${texts[at]}a`, `${texts[at]}b`);

function keeps({ surfaces: { opens } }: ProjectionSpec, one: string): boolean {
  if (opens === undefined || opens.all || opens.exact.includes(one)) return true;
  if (opens.prefix.some((start) => one.startsWith(start)) || opens.suffix.some((end) => one.endsWith(end))) return true;
  return opens.contains.some((part) => one.includes(part));
}

describe("coversProjection", () => {
  it("is true only where everything that is wanted was kept", () => {
    let covered = 0;
    fc.assert(
      fc.property(anySpec, anySpec, (kept, wanted) => {
        if (!coversProjection(kept, wanted)) return;
        covered += 1;
        for (const one of texts) if (keeps(wanted, one)) expect([one, keeps(kept, one)]).toEqual([one, true]);
      }),
      { seed: 1, numRuns: 2_000 },
    );
    expect(covered).toBeGreaterThan(100);
  });

  it.each<[string, unknown, unknown, boolean]>([
    ["the same", [{ prefix: "/etc" }], [{ prefix: "/etc" }], true],
    ["a longer prefix", [{ prefix: "/etc" }], [{ prefix: "/etc/ssl" }], true],
    ["a shorter prefix", [{ prefix: "/etc" }], [{ prefix: "/" }], false],
    ["a text with the prefix", [{ prefix: "/etc" }], [{ exact: "/etc/hosts" }], true],
    ["a text without it", [{ prefix: "/etc" }], [{ exact: "/tmp/x" }], false],
    ["a longer suffix", [{ suffix: ".pem" }], [{ suffix: "key.pem" }], true],
    ["another suffix", [{ suffix: ".pem" }], [{ suffix: ".crt" }], false],
    ["a longer part", [{ contains: "ss" }], [{ contains: "ssl" }, { prefix: "/ssl" }, { suffix: "ssl" }], true],
    ["a prefix as part", [{ prefix: "/etc" }], [{ contains: "/etc" }], false],
    ["everything", [{ prefix: "/" }], "all", false],
    ["less than everything", "all", [{ prefix: "/" }], true],
  ])("of %s", (_what, kept, wanted, expected) => {
    expect(coversProjection(compileProjectionSpec([{ opens: kept }]), compileProjectionSpec([{ opens: wanted }]))).toBe(
      expected,
    );
  });

  it("is false where a surface was kept in part and is asked for whole, as by a rule that declares nothing", () => {
    const inPart = compileProjectionSpec([{ opens: [{ prefix: "/etc" }] }]);
    expect([coversProjection(inPart, keepEverything), coversProjection(keepEverything, inPart)]).toEqual([false, true]);
  });
});
