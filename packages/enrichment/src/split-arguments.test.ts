import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecEvent } from "./exec-event.ts";
import { trySplitArguments } from "./split-arguments.ts";

/** As Tetragon v1.7.0 does it. */
function joined(args: readonly string[]): string {
  let text = "";
  for (const arg of args) {
    if (arg.includes(" ")) text += ` "${arg}"`;
    else text += text === "" ? arg : ` ${arg}`;
  }
  return text;
}

describe("trySplitArguments", () => {
  it.each<[string, readonly string[] | undefined]>([
    ["", []],
    ["-l", ["-l"]],
    ["-l -a", ["-l", "-a"]],
    ["a  b", ["a", "", "b"]],
    ['-c "ls /data | wc -l"', ["-c", "ls /data | wc -l"]],
    [' "FATAL: no configuration"', ["FATAL: no configuration"]],
    ['"FATAL: no configuration"', ["FATAL: no configuration"]],
    ['-d " \\n"', ["-d", " \\n"]],
    ['-d " "', ["-d", " "]],
    ['-c "exec /bin/sh -c "exec /bin/id""', ["-c", 'exec /bin/sh -c "exec /bin/id"']],
    ['-c "exec "a b" c"', ["-c", 'exec "a b" c']],
    ['-c "cat f | tr -d "\\n" | md5sum"', ["-c", 'cat f | tr -d "\\n" | md5sum']],
    ['say "hello you" now', ["say", "hello you", "now"]],
    ['a"b c"d', ['a"b', 'c"d']],
    ['"a b" "c d"', undefined],
    ['-c "half', undefined],
    ['half"', undefined],
    ['"whole"', undefined],
    ["-c 'ls /data'", undefined],
    ['"-c" "ls"', undefined],
    ['-c "echo \\"a b\\""', undefined],
    ["a\\ b", undefined],
    ["a\\\\b", undefined],
    ['a "" b', undefined],
    ["grep a\\.b", ["grep", "a\\.b"]],
    ["\ufffd", undefined],
    [" a", undefined],
    ["x".repeat(65_537), undefined],
  ])("takes %j for %j", (text, args) => {
    expect(trySplitArguments(text)).toEqual(args);
  });

  it("never gives another vector than the one that was executed [enrichment argv]", () => {
    const argument = fc
      .string({ unit: fc.constantFrom("a", "b", " ", '"', "'", "\\", "-") })
      .filter((text) => text.includes(" ") || !/^"|"$/.test(text));
    const vector = fc
      .array(argument, { maxLength: 6 })
      .filter((args) => args.length === 0 || (args[0] !== "" && args.at(-1) !== ""));
    let told = 0;
    fc.assert(
      fc.property(vector, (args) => {
        const found = trySplitArguments(joined(args));
        if (found !== undefined) told += 1;
        return found === undefined || JSON.stringify(found) === JSON.stringify(args);
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(told).toBeGreaterThan(1000);
  });

  it("tells every vector without quotes [enrichment argv]", () => {
    const argument = fc.string({ unit: fc.constantFrom("a", "é", "\n", "/", "$", ";") });
    const spaced = fc.tuple(argument, argument).map((parts) => parts.join(" "));
    const vector = fc
      .tuple(
        fc.array(
          argument.filter((text) => text !== ""),
          { maxLength: 5 },
        ),
        fc.option(spaced),
      )
      .map(([args, last]) => args.concat(last ?? []));
    fc.assert(
      fc.property(vector, (args) => {
        expect(trySplitArguments(joined(args))).toEqual(args);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("needs time in proportion to the length, whatever is quoted", () => {
    expect(trySplitArguments('"a "b '.repeat(10_000))).toBeUndefined();
    expect(trySplitArguments(`-c "${'"a "b '.repeat(10_000)}x"`)).toHaveLength(2);
  });
});

describe("ExecEvent", () => {
  it("has the binary in the place of argv[0], and no vector when something is missing [enrichment argv]", () => {
    const of = (init: Partial<ConstructorParameters<typeof ExecEvent>[0]>): readonly string[] | undefined =>
      new ExecEvent({ sequence: 1, binary: "/bin/sh", args: "-c id", ...init }).argv;
    expect(of({})).toEqual(["/bin/sh", "-c", "id"]);
    expect(of({ isTruncated: true })).toBeUndefined();
    expect(of({ binary: "" })).toBeUndefined();
    expect(of({ source: "linux-audit" })).toBeUndefined();
    expect(of({ source: "linux-audit", argv: ["sh", "-c", "id"] })).toEqual(["sh", "-c", "id"]);
  });

  it("works the vector out once", () => {
    const event = new ExecEvent({ sequence: 1, binary: "/bin/sh", args: "-c id" });
    expect(event.argv).toBe(event.argv);
  });
});
