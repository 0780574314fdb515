import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compilePattern } from "./compile-pattern.ts";
import type { PatternExtent } from "./pattern-engine.ts";
import { maxPatternSize } from "./pattern-size.ts";
import { parsePlainPattern } from "./plain-pattern.ts";
import { createPatternEngine } from "./re2-pattern-engine.ts";
import type { TextTest } from "./text-test.ts";

const engine = createPatternEngine();

function testOf(source: string, extent: PatternExtent): TextTest {
  const compiled = compilePattern(source, extent, engine);
  if (compiled.kind !== "test") throw new Error(`${source} did not compile: ${JSON.stringify(compiled)}`);
  return compiled.test;
}

function liveBytes(): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Patterns out of pieces that plain operations understand, a few that they do not, and texts out of the same letters. */
const pieces = fc.constantFrom(
  ...[
    "a",
    "b",
    "K",
    "s",
    ".*",
    ".+",
    ".*?",
    "|",
    "(a|b)",
    "(?:a|)",
    "(.*a)?",
    "a?",
    "\\.",
    "^",
    "$",
    "/",
    "-",
    "é",
    "[ab]",
  ],
);
const sources = fc.array(pieces, { maxLength: 7 }).map((list) => list.join(""));
const texts = fc
  .array(fc.constantFrom("a", "b", "A", "k", "S", "\u212a", "\u017f", ".", "/", "-", "é", "É", "\n", "😀"), {
    maxLength: 7,
  })
  .map((list) => list.join(""));

describe("compilePattern", () => {
  for (const extent of ["whole", "part"] as const) {
    it(`gives plain operations that agree with the engine, over the ${extent} text [policy E-4]`, () => {
      let plain = 0;
      fc.assert(
        fc.property(sources, texts, (source, text) => {
          const byEngine = engine.compile(source, extent);
          const isPlain = parsePlainPattern(source) !== undefined;
          if (typeof byEngine === "string") expect(isPlain).toBe(false);
          else expect([source, text, testOf(source, extent)(text)]).toEqual([source, text, byEngine(text)]);
          if (isPlain) plain++;
        }),
        { seed: 4, numRuns: 8_000 },
      );
      expect(plain).toBeGreaterThan(2_000);
    });
  }

  it("agrees with the engine over long texts, too", () => {
    const padding = fc.constantFrom(
      "x".repeat(5_000),
      "Ab".repeat(2_500),
      `${"\u017f".repeat(4_999)}K`,
      "İ😀é".repeat(1_500),
    );
    fc.assert(
      fc.property(sources, texts, padding, fc.boolean(), (source, text, long, isFirst) => {
        const byEngine = engine.compile(source, "whole");
        const given = isFirst ? long + text : text + long;
        if (typeof byEngine !== "string") expect(testOf(source, "whole")(given)).toBe(byEngine(given));
        const inPart = engine.compile(source, "part");
        if (typeof inPart !== "string") expect(testOf(source, "part")(given)).toBe(inPart(given));
      }),
      { seed: 6, numRuns: 1_000 },
    );
  });

  it.each([
    ["latest", "LATEST", true],
    ["latest", "latest2", false],
    ["apt|apt-get|dpkg", "apt-get", true],
    [".*/(curl|wget)", "/usr/bin/WGET", true],
    [".*/(curl|wget)", "/usr/bin/wget2", false],
    ["(?:^|.*/)nc(\\.traditional)?", "nc", true],
    ["(?:^|.*/)nc(\\.traditional)?", "/bin/nc.traditional", true],
    ["(?:^|.*/)nc(\\.traditional)?", "/bin/ncXtraditional", false],
    ["(?i)docker\\.sock", "DOCKER.SOCK", true],
    ["/var/.+/docker\\.sock", "/var//docker.sock", false],
    ["/var/.+/docker\\.sock", "/var/run/docker.sock", true],
    ["a.*b.*c", "a-c-b-c", true],
    ["a.*b.*c", "a-c-b", false],
    ["", "", true],
    ["", "a", false],
    [".*", "a\nb", false],
    ["[0-9]{2,4}", "123", true],
    ["(?i:x)y", "XY", true],
  ])("%s over %j is %s", (source, text, expected) => {
    expect(testOf(source, "whole")(text)).toBe(expected);
  });

  it("needs no engine for what policies usually ask", () => {
    for (const source of [
      "latest",
      "apt|apt-get",
      ".*10250.*",
      "(/etc/.*|/sys/.*|/dev/.*)",
      ".*/(curl|wget)",
      "CVE-2021-44228",
      "/var/run/docker\\.sock",
      "(?:.*/)?docker\\.sock",
      "docker.io",
      "k8s.gcr.io|registry.k8s.io",
    ]) {
      expect(compilePattern(source, "whole", undefined).kind).toBe("test");
    }
  });

  it("says that it needs the engine, or what is wrong once it has it", () => {
    expect(compilePattern("[a-z]+", "whole", undefined)).toEqual({ kind: "needsEngine" });
    for (const source of ["(", "a{2,1}", "*", "(?=a)b", "(?<!a)b", "(a)\\1", "[z-a]", "\\"]) {
      expect(compilePattern(source, "whole", engine)).toMatchObject({ kind: "problem", message: /^not a pattern: / });
    }
  });

  describe("with hostile patterns [policy E-5]", () => {
    const long = "a".repeat(50_000);
    /** Each takes a backtracking engine time exponential, or at least cubic, in the text. */
    const hostile = [
      "(a+)+$",
      "(a+)+b",
      "(a*)*b",
      "(a|a)*b",
      "(a|aa)+b",
      "(.*a){20}b",
      "(.*)*(.*)*(.*)*x",
      "([a-z]+)*\\d",
      "^(([a-z])+.)+[A-Z]([a-z])+$",
      "(a?){30}a{30}b",
      ".*.*.*.*.*.*.*.*b",
      ".*a.*a.*a.*a.*a.*a.*a.*b",
      "(?:a|b)*a(?:a|b){200}c",
    ];

    it.each(hostile)("%s stays linear", (source) => {
      const test = testOf(source, "whole");
      expect(test(`${long}!`)).toBe(false);
      expect(testOf(source, "part")(`${long.slice(0, 20_000)}!`)).toBeTypeOf("boolean");
    });

    it("searches plain literals in texts made for them without taking quadratic time", () => {
      const source = `.*${"a".repeat(63)}b.*`;
      expect(parsePlainPattern(source)).toHaveLength(1);
      const test = testOf(source, "whole");
      expect(test("a".repeat(1_000_000))).toBe(false);
      expect(test(`${"A".repeat(1_000_000)}b`)).toBe(true);
    });

    it("takes ten thousand alternatives, plain or not", () => {
      const names = Array.from({ length: 2_500 }, (_, index) => `w${index}`);
      const plain = names.join("|");
      expect(plain.length).toBeGreaterThan(10_000);
      expect(compilePattern(plain, "whole", undefined).kind).toBe("test");
      expect(testOf(plain, "whole")("W2499")).toBe(true);
      expect(testOf(plain, "whole")("w2500")).toBe(false);
      const elaborate = names.map((name) => `${name}x*`).join("|");
      expect(testOf(elaborate, "whole")("w2499xx")).toBe(true);
      expect(testOf(elaborate, "whole")(long)).toBe(false);
    });

    it.each([
      ["a{1000}".repeat(2_000)],
      ["(a{500}){500}"],
      ["((a{100}){100}){100}"],
      ["(?:(?:(?:a?){100}){100}){100}"],
      ["[a-z]{1000}|".repeat(1_000)],
      ["a".repeat(maxPatternSize + 1) + "+"],
      ["(".repeat(10_000) + ")".repeat(10_000)],
    ])("refuses what would not fit %#", (source) => {
      expect(compilePattern(source, "whole", engine).kind).toBe("problem");
    });

    it("do not keep what they learned from texts made for them", () => {
      const test = testOf("(?:a|b)*a(?:a|b){200}c", "whole");
      test("");
      const before = liveBytes();
      let random = 1;
      const next = (): string => "ab"[((random = (random * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16) & 1] as string;
      test(Array.from({ length: 50_000 }, next).join(""));
      expect(liveBytes() - before).toBeGreaterThan(1_000_000);
      test("ab");
      expect(liveBytes() - before).toBeLessThan(300_000);
    });

    it("does not multiply out groups and optional parts beyond a bound", () => {
      expect(parsePlainPattern("(a|b)".repeat(6))).toHaveLength(64);
      expect(parsePlainPattern("(a|b)".repeat(7))).toBeUndefined();
      expect(parsePlainPattern("a?".repeat(5_000))).toBeUndefined();
      expect(parsePlainPattern(`(${"a|".repeat(4_000)}b)${"c".repeat(8_000)}`)).toBeUndefined();
      expect(parsePlainPattern(`${"(".repeat(5_000)}a${")".repeat(5_000)}`)).toBeUndefined();
    });
  });
});
