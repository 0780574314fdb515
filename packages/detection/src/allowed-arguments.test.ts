import { ExecArgumentsMatcher } from "@kinglet/profile/matching";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { allowedArguments } from "./allowed-arguments.ts";

function isAllowed(args: readonly string[], argv: readonly string[]): boolean {
  return new ExecArgumentsMatcher([{ path: "/b", args, argsRequired: false }]).matches("/b", argv);
}

describe("allowedArguments", () => {
  it("names arguments literally as long as they fit", () => {
    const argv = ["sh", "-c", "x".repeat(4_000)];
    expect(allowedArguments(argv)).toEqual({ args: argv });
  });

  it("puts the wildcard for one argument in the place of a long one, and says so [rules T-2]", () => {
    expect(allowedArguments(["sh", "-c", "x".repeat(60_000), "end"])).toEqual({
      args: ["sh", "-c", "\u22ef", "end"],
      isShortened: true,
    });
  });

  it("puts the wildcard for any arguments behind as many as fit [rules T-2]", () => {
    const argv = ["xargs", ...Array.from({ length: 6_000 }, (_, at) => `file-${at}`)];
    const { args, isShortened } = allowedArguments(argv);
    expect([args.slice(0, 255), args.slice(255), isShortened]).toEqual([argv.slice(0, 255), ["\u22ef\u22ef"], true]);
  });

  it("matches the execution and stays within its bound, whatever the arguments [rules T-2]", () => {
    const arg = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.integer({ min: 0, max: 3_000 }).map((length) => "y".repeat(length)),
      fc.constantFrom("--password", "token=abc", "-----BEGIN PRIVATE KEY-----", "*", "https://u:p@h/"),
    );
    let shortened = 0;
    fc.assert(
      fc.property(fc.array(arg, { minLength: 1, maxLength: 400, size: "max" }), (rest) => {
        const argv = ["/b", ...rest];
        const { args, isShortened } = allowedArguments(argv);
        expect(isAllowed(args, argv)).toBe(true);
        if (isShortened !== true) return;
        shortened++;
        expect(args.length).toBeLessThanOrEqual(256);
        expect(args.join("").length).toBeLessThanOrEqual(4_098);
        expect(isAllowed(args, ["/b"])).toBe(args.length === 2 && args[1] === "\u22ef\u22ef");
      }),
      { seed: 1, numRuns: 1_000 },
    );
    expect(shortened).toBeGreaterThan(300);
  });

  it("counts what stands for a character in JSON, as UTF-8 [rules T-2]", () => {
    for (const [character, bytes] of [
      ['"', 2],
      ["\u001b", 6],
      ["\u4e2d", 3],
    ] as const) {
      const long = character.repeat(4_000 / bytes);
      expect(allowedArguments(["sh", "-c", long])).toEqual({ args: ["sh", "-c", long] });
      const longer = character.repeat(4_096 / bytes);
      expect(allowedArguments(["sh", "-c", longer])).toEqual({ args: ["sh", "-c", "\u22ef"], isShortened: true });
      const many = Array.from({ length: 50 }, () => character.repeat(500 / bytes));
      const { args } = allowedArguments(["sh", ...many]);
      expect(isAllowed(args, ["sh", ...many])).toBe(true);
      expect(args).toHaveLength(10);
      expect(Buffer.byteLength(JSON.stringify(args))).toBeLessThanOrEqual(4_096 + 10);
    }
  });

  it("hides a secret also behind an argument that is too long to be named, and behind one that is a secret itself [rules T-2]", () => {
    const long = `${"x".repeat(5_000)} --password`;
    expect(allowedArguments(["sh", long, "hunter2", "-v"]).args).toEqual(["sh", "\u22ef", "\u22ef", "-v"]);
    const key = ["-----BEGIN PRIVATE KEY-----", "hunter2"];
    expect(allowedArguments(["sh", "token=abc --password", "hunter2"]).args).toEqual(["sh", "\u22ef", "\u22ef"]);
    expect(allowedArguments(["sh", ...key]).args).toEqual(["sh", "\u22ef", "\u22ef"]);
  });
});
