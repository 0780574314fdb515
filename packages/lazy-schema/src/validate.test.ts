import * as fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";

import {
  array,
  boolean,
  integer,
  map,
  number,
  object,
  oneOf,
  optional,
  secret,
  string,
  union,
  unknown,
} from "./fields.ts";
import type { Infer, Schema } from "./schema.ts";
import type { Secret } from "./secret.ts";
import { parse, validate } from "./validate.ts";

const rule = object({
  name: string({ min: 1, max: 63, pattern: /^[a-z-]+$/ }),
  severity: oneOf(["low", "high"], { default: "low" }),
  score: optional(number({ min: 0, max: 10 })),
  limits: map(integer({ min: 0, unit: "ms" }), { max: 2, default: {} }),
  tags: array(string(), { max: 3, default: [] }),
  isOn: boolean({ default: true }),
  token: optional(secret({ min: 5 })),
  action: union("type", {
    alert: object({ sink: string() }),
    kill: object({ graceMs: integer({ default: 0 }) }, { unknownKeys: "strip" }),
  }),
});

const problemsOf = (schema: Schema, value: unknown): string[] => {
  const result = validate(schema, value);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
};

describe("validate", () => {
  it("gives a typed value with defaults filled in", () => {
    const value = parse(rule, { name: "a-b", score: null, action: { type: "kill", extra: 1 } });
    expect(value).toEqual({
      name: "a-b",
      severity: "low",
      limits: {},
      tags: [],
      isOn: true,
      action: { type: "kill", graceMs: 0 },
    });
    expectTypeOf(value.severity).toEqualTypeOf<"low" | "high">();
    expectTypeOf<Infer<typeof rule>["score"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Infer<typeof rule>["token"]>().toEqualTypeOf<Secret | undefined>();
    if (value.action.type === "kill") expectTypeOf(value.action.graceMs).toBeNumber();
    else expectTypeOf(value.action.sink).toBeString();
  });

  it("lists all problems with their paths", () => {
    const value = {
      name: "A",
      severity: "medium",
      score: 11,
      limits: { a: -1, b: 1.5, "c/d": 1 },
      tags: ["a", 5],
      isOn: "yes",
      action: { type: "alert" },
      extra: 1,
    };
    expect(problemsOf(rule, value)).toEqual([
      'name: must be a text that matches /^[a-z-]+$/, got "A"',
      'severity: must be one of low, high, got "medium"',
      "score: must be a number from 0 to 10, got 11",
      "limits.a: must be an integer of at least 0 ms, got -1",
      "limits.b: must be an integer of at least 0 ms, got 1.5",
      "limits: must have at most 2 entries",
      "tags[1]: must be a text, got 5",
      'isOn: must be true or false, got "yes"',
      "action.sink: is required",
      "extra: is not a known field",
    ]);
  });

  it.each([
    [string(), 5, ": must be a text, got 5"],
    [string({ min: 2 }), "a", ': must be a text with at least 2 characters, got "a"'],
    [integer({ min: 1, max: 1 }), 2, ": must be an integer of exactly 1, got 2"],
    [integer(), 2 ** 53, ": must be an integer, got 9007199254740992"],
    [number(), Number.NaN, ": must be a number, got NaN"],
    [number({ max: 3 }), 4, ": must be a number of at most 3, got 4"],
    [array(string()), {}, ": must be a list, got an object"],
    [array(string(), { min: 2 }), ["a"], ": must have at least 2 items, got 1"],
    [map(string()), [], ": must be an object, got a list of 0"],
    [map(string(), { pattern: /^a/ }), { b: "" }, ': the key "b" is not permitted, keys match /^a/'],
    [object({}), null, ": must be an object, got null"],
    [object({ a: object({ "b/c": string() }) }), { a: {} }, 'a["b/c"]: is required'],
    [union("type", {}), { type: "x" }, 'type: must be one of , got "x"'],
    [union("type", { a: object({}) }), {}, "type: is required: one of a"],
    [union("type", { a: object({}) }), { type: "constructor" }, 'type: must be one of a, got "constructor"'],
    [secret({ min: 5 }), "pin", ": must be a text with at least 5 characters, got something else (not shown)"],
    [string(), undefined, ": is required"],
  ] as [Schema, unknown, string][])("says what is permitted: %o %o", (schema, value, problem) => {
    expect(problemsOf(schema, value)).toEqual([problem]);
  });

  it("keeps, strips or refuses unknown keys", () => {
    const value = { a: "x", b: { c: 1 } };
    expect(parse(object({ a: string() }, { unknownKeys: "keep" }), value)).toEqual(value);
    expect(parse(object({ a: string() }, { unknownKeys: "strip" }), value)).toEqual({ a: "x" });
    expect(problemsOf(object({ a: string() }), value)).toEqual(["b: is not a known field"]);
  });

  it("does not take inherited properties for input, nor lets input change a prototype", () => {
    expect(problemsOf(object({ constructor: string() }), {})).toEqual(["constructor: is required"]);
    const hostile = JSON.parse('{"__proto__": {"isAdmin": true}}') as unknown;
    expect(problemsOf(map(unknown()), hostile)).toEqual([': the key "__proto__" is not permitted']);
    expect(problemsOf(object({}, { unknownKeys: "keep" }), hostile)).toEqual(["__proto__: is not a known field"]);
    expect(parse(object({}, { unknownKeys: "strip" }), hostile)).toEqual({});
  });

  it("ends after a bounded number of problems", () => {
    const result = validate(
      array(string()),
      Array.from({ length: 100_000 }, (_, index) => index),
      { maxProblems: 3 },
    );
    expect(result).toMatchObject({
      ok: false,
      problems: [{}, {}, {}, { message: expect.stringContaining("may be more") as string }],
    });
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, 1]));
    expect(problemsOf(object({}), keys)).toHaveLength(101);
  });

  it("bounds the depth of what it leaves open, also for values that share or contain themselves", () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(problemsOf(unknown(), nested(64))).toEqual([]);
    expect(problemsOf(unknown(), nested(65))).toEqual([": must not be nested deeper than 64 levels"]);
    const circular: unknown[] = [];
    circular.push(circular);
    expect(problemsOf(unknown(), circular)).toHaveLength(1);
    let shared: unknown = 1;
    for (let level = 0; level < 40; level++) shared = [shared, shared, shared];
    expect(problemsOf(object({}, { unknownKeys: "keep" }), { shared })).toEqual([]);
  });

  it("shows huge values cut short", () => {
    const [problem = ""] = problemsOf(integer(), "x".repeat(1_000_000));
    expect(problem.length).toBeLessThan(120);
    const [long = ""] = problemsOf(object({}), { ["k\n".repeat(10_000)]: 1 });
    expect(long.length).toBeLessThan(200);
  });

  it("never throws and never exceeds its bounds, whatever it is given", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          for (const given of [value, { name: value, action: value, tags: value, limits: value }]) {
            const result = validate(rule, given, { maxProblems: 5 });
            if (!result.ok) expect(result.problems.length).toBeLessThanOrEqual(6);
          }
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it("accepts what it returned, unchanged", () => {
    const action = fc.oneof(
      fc.record({ type: fc.constant("alert"), sink: fc.string() }),
      fc.record({ type: fc.constant("kill"), graceMs: fc.integer() }),
    );
    const input = fc.record(
      {
        name: fc.stringMatching(/^[a-z-]{1,20}$/),
        severity: fc.constantFrom("low", "high"),
        score: fc.option(fc.double({ min: 0, max: 10, noNaN: true })),
        tags: fc.array(fc.string(), { maxLength: 3 }),
        action,
      },
      { requiredKeys: ["name", "action"] },
    );
    fc.assert(
      fc.property(input, (value) => {
        const once = parse(rule, value);
        expect(parse(rule, once)).toEqual(once);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("parse", () => {
  it("throws one coded error that lists everything", () => {
    const code = "KINGLET_ERR_LAZY_SCHEMA_INVALID_VALUE";
    const problems = ["name: is required", "action: is required"];
    expect(() => parse(rule, {}, "rule R1")).toThrow(
      expect.objectContaining({
        code,
        message: "rule R1 is not valid: name: is required; action: is required",
        details: expect.objectContaining({ problems }) as object,
      }),
    );
  });
});

describe("Secret", () => {
  it("is not shown by anything that prints", () => {
    const { token } = parse(object({ token: secret() }), { token: "hunter22" });
    expect(token.reveal()).toBe("hunter22");
    expect(`${String(token)} ${JSON.stringify({ token })}`).not.toContain("hunter22");
  });
});
