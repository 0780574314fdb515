import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { matchesObviously } from "../../test/matches-obviously.ts";
import { PathMatcher } from "./path-matcher.ts";

const segment = fc.constantFrom("a", "b", "ab", "", "*", "⋯", "a*", "⋯⋯");
const anyText = fc
  .tuple(fc.boolean(), fc.array(segment, { maxLength: 6 }), fc.constantFrom("", "/", "//"))
  .map(([isAbsolute, segments, end]) => `${isAbsolute ? "/" : ""}${segments.join("/")}${end}`);

describe("PathMatcher", () => {
  it("answers as the obvious version does", () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 8 }), fc.array(anyText, { maxLength: 8 }), (entries, paths) => {
        const matcher = new PathMatcher(entries);
        for (const path of paths) {
          const expected = entries.flatMap((entry, at) => (matchesObviously(entry, path) ? [at] : []));
          expect(matcher.matches(path)).toBe(expected.length > 0);
          const found: number[] = [];
          for (let at = matcher.nextMatch(path, 0); at !== -1; at = matcher.nextMatch(path, at + 1)) found.push(at);
          expect(found).toEqual(expected);
        }
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it("takes one segment for an ellipsis, one or more for a star at the end, zero or more for one before it [profile paths]", () => {
    const table: readonly (readonly [entry: string, path: string, isMatch: boolean])[] = [
      ["/proc/⋯/stat", "/proc/7/stat", true],
      ["/proc/⋯/stat", "/proc/stat", false],
      ["/proc/⋯/stat", "/proc/7/task/stat", false],
      ["/etc/*", "/etc/passwd", true],
      ["/etc/*", "/etc/ssl/certs/ca.pem", true],
      ["/etc/*", "/etc", false],
      ["/usr/bin/*", "/usr/bin/../../tmp/x", false],
      ["/usr/⋯/⋯/x", "/usr/bin/../x", false],
      ["*", "/usr/../tmp/x", false],
      ["/usr/../tmp/x", "/usr/../tmp/x", true],
      ["/usr/bin/*", "/usr/bin/a..b/..x", true],
      ["/etc/*", "/etc/", false],
      ["/a/*/z", "/a/z", true],
      ["/a/*/z", "/a/b/c/z", true],
      ["/a/*/z", "/a/b/c/zz", false],
      ["/a/*/z/*", "/a/z/z", true],
      ["*", "/", true],
      ["/*", "/", false],
      ["/etc/", "/etc", true],
      ["/tmp", "/tmpfiles", false],
      ["/a*", "/ab", false],
    ];
    for (const [entry, path, isMatch] of table) {
      expect([entry, path, new PathMatcher([entry]).matches(path)]).toEqual([entry, path, isMatch]);
    }
  });

  it("finds each of many literals, and nothing else", () => {
    const entries = Array.from({ length: 70_000 }, (_, index) => `/usr/lib/${index % 97}/${index}.so`);
    const matcher = new PathMatcher(entries);
    for (let index = 0; index < entries.length; index += 997) {
      expect(matcher.nextMatch(entries[index]!, 0)).toBe(index);
      expect(matcher.matches(`${entries[index]!}x`)).toBe(false);
    }
  });

  it("takes steps in proportion to the path for patterns made to try everything [profile linear]", () => {
    // 120 stars that each could take any of 4,000 segments: a version that tries all ways would not end.
    const pattern = `/${"*/a/".repeat(120)}b`;
    const blocks = `/*/${"a/".repeat(200)}b/*/z`;
    const matcher = new PathMatcher([pattern, blocks]);
    expect(matcher.matches(`/${"a/".repeat(8_000)}c`)).toBe(false);
    expect(matcher.matches(`/${"a/".repeat(8_000)}b`)).toBe(true);
  });

  it("ignores patterns of more than 256 segments and matches long values by literals only", () => {
    const long = `/${"a/".repeat(20_000)}z`;
    expect(new PathMatcher([`/${"⋯/".repeat(256)}z`]).matches(`/${"a/".repeat(256)}z`)).toBe(false);
    expect(new PathMatcher(["/*"]).matches(long)).toBe(false);
    expect(new PathMatcher([long]).matches(long)).toBe(true);
  });

  it("reads the list at the first question only", () => {
    const entries: string[] = [];
    const matcher = new PathMatcher(entries);
    entries.push("/late");
    expect(matcher.matches("/late")).toBe(true);
  });
});
