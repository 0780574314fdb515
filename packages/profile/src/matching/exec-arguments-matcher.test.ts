import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ExecArgumentsMatcher, type ExecPattern } from "./exec-arguments-matcher.ts";

function argumentsMatchObviously(expected: readonly string[], actual: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first === "⋯⋯")
    return (
      argumentsMatchObviously(rest, actual) || (actual.length > 0 && argumentsMatchObviously(expected, actual.slice(1)))
    );
  if (actual.length === 0) return false;
  return (first === "⋯" || first === actual[0]) && argumentsMatchObviously(rest, actual.slice(1));
}

const exec = (path: string, args: readonly string[], argsRequired = false): ExecPattern => ({
  path,
  args,
  argsRequired,
});
const anyArgument = fc.constantFrom("a", "b", "⋯", "⋯⋯", "*", "");

describe("ExecArgumentsMatcher", () => {
  it("answers as the obvious version does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyArgument, { maxLength: 6 }), { maxLength: 4 }),
        fc.array(fc.constantFrom("a", "b", "*", ""), { maxLength: 7 }),
        fc.boolean(),
        (vectors, args, argsRequired) => {
          const matcher = new ExecArgumentsMatcher(vectors.map((vector) => exec("/bin/sh", vector, argsRequired)));
          const expected = vectors.some((vector) =>
            vector.length === 0 ? !argsRequired || args.length === 0 : argumentsMatchObviously(vector, args),
          );
          expect(matcher.matches("/bin/sh", args)).toBe(expected);
          expect(matcher.matches("/bin/ls", args)).toBe(false);
        },
      ),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it("takes one argument for an ellipsis, any number for two, and a star for a star [profile arguments]", () => {
    const matcher = new ExecArgumentsMatcher([
      exec("/bin/curl", ["curl", "--user", "⋯"]),
      exec("/bin/sh", ["sh", "-c", "⋯⋯"]),
      exec("/bin/ls", ["ls", "-l", "⋯"]),
      exec("/bin/echo", ["echo", "hello", "⋯⋯"]),
      exec("/bin/find", ["find", "*"]),
    ]);
    expect(matcher.matches("/bin/curl", ["curl", "--user", "a:b"])).toBe(true);
    expect(matcher.matches("/bin/curl", ["curl", "--user", "a:b", "-v"])).toBe(false);
    expect(matcher.matches("/bin/sh", ["sh", "-c"])).toBe(true);
    expect(matcher.matches("/bin/sh", ["sh", "-c", "a", "b"])).toBe(true);
    expect(matcher.matches("/bin/ls", ["ls", "-l"])).toBe(false);
    expect(matcher.matches("/bin/echo", ["echo", "hello", "world"])).toBe(true);
    expect(matcher.matches("/bin/echo", ["echo", "bye"])).toBe(false);
    expect(matcher.matches("/bin/find", ["find", "x"])).toBe(false);
    expect(matcher.matches("/bin/find", ["find", "*"])).toBe(true);
  });

  it("reads an empty list of arguments as any, unless arguments are required [profile arguments]", () => {
    const matcher = new ExecArgumentsMatcher([exec("/any", []), exec("/none", [], true)]);
    expect(matcher.matches("/any", ["any", "-x"])).toBe(true);
    expect(matcher.matches("/none", [])).toBe(true);
    expect(matcher.matches("/none", ["none"])).toBe(false);
    expect(matcher.matchesPath("/none")).toBe(true);
  });

  it("knows the wildcards of paths, and tries every entry of a path", () => {
    const matcher = new ExecArgumentsMatcher([exec("/opt/⋯/agent", ["x"]), exec("/opt/a/agent", ["y"])]);
    expect(matcher.matches("/opt/a/agent", ["x"])).toBe(true);
    expect(matcher.matches("/opt/a/agent", ["y"])).toBe(true);
    expect(matcher.matches("/opt/b/agent", ["y"])).toBe(false);
  });

  it("gives the arguments of every entry of a path to whoever does not know what was executed [profile arguments]", () => {
    const matcher = new ExecArgumentsMatcher([
      exec("/opt/⋯/agent", ["x", "⋯⋯"]),
      exec("/opt/a/agent", ["y"]),
      exec("/bin/any", []),
      exec("/bin/none", [], true),
    ]);
    const given = (path: string): unknown[] => {
      const all: unknown[] = [];
      const isAny = matcher.someEntry(path, (args) => all.push(args) === 0);
      return [isAny, ...all];
    };
    expect(given("/opt/a/agent")).toEqual([false, ["x", "⋯⋯"], ["y"]]);
    expect(given("/bin/any")).toEqual([true]);
    expect(given("/bin/none")).toEqual([false, []]);
    expect(given("/bin/other")).toEqual([false]);
    expect(matcher.someEntry("/opt/a/agent", ([name]) => name === "y")).toBe(true);
  });

  it("ends soon for patterns made to try everything [profile linear]", () => {
    const pattern = Array.from({ length: 240 }, (_, at) => (at % 2 === 0 ? "⋯⋯" : "a"));
    const matcher = new ExecArgumentsMatcher([exec("/x", [...pattern, "b"]), exec("/y", [...pattern, ...pattern])]);
    const args = Array.from({ length: 20_000 }, () => "a");
    expect(matcher.matches("/x", args)).toBe(false);
    expect(matcher.matches("/x", [...args, "b"])).toBe(true);
    expect(matcher.matches("/y", args)).toBe(false);
  });
});
