import { ExecEvent } from "@kinglet/enrichment";
import { ExecArgumentsMatcher } from "@kinglet/profile/matching";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeltaLog } from "./profile-delta.ts";
import { knownArguments } from "./known-arguments.ts";
import { RecordedExecs } from "./recorded-execs.ts";

const any = "\u22ef\u22ef";
const binary = "/usr/bin/java";

function cut(args: string, flags = "execve truncArgs"): ExecEvent {
  return new ExecEvent({ sequence: 1, binary, args, flags, isTruncated: true });
}

/** As Tetragon writes a vector. */
function written(args: readonly string[]): string {
  return args.map((arg) => (arg.includes(" ") ? `"${arg}"` : arg)).join(" ");
}

function matches(recorded: readonly string[], args: readonly string[]): boolean {
  const matcher = new ExecArgumentsMatcher([{ path: binary, args: recorded, argsRequired: false }]);
  return matcher.matches(binary, [binary, ...args]);
}

describe("knownArguments", () => {
  it("are the first ones of an execution whose others were cut off, and any behind them [learning execs]", () => {
    expect(knownArguments(cut("-cp /lib/a.jar -Dmode=x /lib/b.j"))).toEqual([
      binary,
      "-cp",
      "/lib/a.jar",
      "-Dmode=x",
      any,
    ]);
    expect(knownArguments(cut('-c "echo a; ec'))).toEqual([binary, "-c", any]);
    expect(knownArguments(cut("-jar app.jar \u22ef\u22ef x y"))).toEqual([binary, "-jar", "app.jar", any]);
  });

  it("are none where nothing is certain: then any are allowed [learning execs]", () => {
    for (const event of [
      cut("-onl"),
      cut(' "a b" c d'),
      cut("  a b"),
      cut("-cp a b", "execve truncArgs truncFilename"),
      cut("-cp a b", "execve errorArgs"),
      new ExecEvent({
        sequence: 1,
        binary,
        args: "-cp a b",
        isTruncated: true,
        source: "linux-audit",
        flags: "execve truncArgs",
      }),
    ]) {
      expect(knownArguments(event), `${event.args} ${event.flags}`).toEqual([]);
    }
  });

  it("end before what may be a secret, which is told in another way when all of it is known [learning execs]", () => {
    for (const secret of ["--password", "-u", "--api-token"]) {
      expect(knownArguments(cut(`-v ${secret} x y`))).toEqual([binary, "-v", secret, any]);
    }
    expect(knownArguments(cut("-v --password [redacted] y"))).toEqual([binary, "-v", "--password", any]);
  });

  it("of more than 16,384 characters are the first ones, and few [learning bounds]", () => {
    const argv = [binary, "-c", "x".repeat(20_000), "y"];
    const event = new ExecEvent({ sequence: 1, binary, args: written(argv.slice(1)), argv });
    expect(knownArguments(event)).toEqual([binary, "-c", any]);
    const many = [binary, ...Array.from({ length: 10_000 }, (_, at) => `arg${String(at)}`)];
    const recorded = knownArguments(new ExecEvent({ sequence: 1, binary, args: "", argv: many }));
    expect(recorded).toHaveLength(33);
    expect(matches(recorded, many.slice(1))).toBe(true);
  });

  it("match what was cut wherever it was, and what else begins so [learning oracle]", () => {
    const argument = fc.stringMatching(/^[a-c"'\\ \u22ef=-]{1,6}$/).filter((text) => !/^"|"$/.test(text));
    fc.assert(
      fc.property(
        fc.array(argument, { maxLength: 6 }),
        fc.nat(40),
        fc.array(argument, { maxLength: 3 }),
        (args, at, more) => {
          const text = written(args);
          const whole = new ExecEvent({ sequence: 1, binary, args: text });
          // What cannot be told apart is judged by nobody.
          if (whole.argv === undefined) return;
          const recorded = knownArguments(cut(text.slice(0, at)));
          expect(matches(recorded, whole.argv.slice(1))).toBe(true);
          if (recorded.length === 0) return;
          const start = recorded.slice(1, -1);
          expect(matches(recorded, [...start, ...more])).toBe(true);
          expect(matches(recorded, ["other", ...start.slice(1)])).toBe(false);
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

describe("RecordedExecs", () => {
  it("knows again what was shortened, whatever follows, and keeps no text of it [learning execs] [learning bounds]", () => {
    const execs = new RecordedExecs(50, new DeltaLog(false));
    let bytes = execs.add(cut(`-cp a ${"x".repeat(2_000)}`));
    for (let at = 0; at < 100; at += 1) {
      const event = cut(`-cp a ${String(at)}${"x".repeat(2_000)}`);
      expect(execs.has(event)).toBe(true);
    }
    expect(execs.has(cut("-cp b other"))).toBe(false);
    bytes += execs.add(cut("-cp b other"));
    expect(execs.list().map(({ args }) => args)).toEqual([
      [binary, "-cp", "a", any],
      [binary, "-cp", "b", any],
    ]);
    expect(bytes).toBeLessThan(1_000);
    // What is read back from the queue directory is the same.
    const restored = new RecordedExecs(50, new DeltaLog(false));
    for (const one of execs.list()) restored.restore(one);
    expect(restored.list()).toEqual(execs.list());
    expect(restored.has(cut("-cp a whatever"))).toBe(true);
  });
});
