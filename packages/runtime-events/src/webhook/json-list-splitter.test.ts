import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonListSplitter } from "./json-list-splitter.ts";
import type { JsonValueLimits } from "./json-value.ts";

const wide: JsonValueLimits = { maxBytes: 1_048_576, maxDepth: 200, optionalMembers: new Map() };

interface Split {
  readonly items: unknown[];
  readonly members: Record<string, unknown>;
  readonly passedOver: string[];
  readonly problem: string | undefined;
}

/** Splits a body that comes in pieces of these sizes, over and over. */
function split(body: string | Buffer, sizes: readonly number[] = [1 << 30], limits: JsonValueLimits = wide): Split {
  const items: unknown[] = [];
  const members: Record<string, unknown> = {};
  const passedOver: string[] = [];
  const splitter = new JsonListSplitter({
    listMember: "items",
    limits,
    onMember: (name, value) => {
      members[name] = value;
      return undefined;
    },
    onItem: (text) => {
      try {
        items.push(JSON.parse(text));
        return undefined;
      } catch {
        return "an item is not JSON";
      }
    },
    onPassedOver: (reason) => passedOver.push(reason),
  });
  const bytes = Buffer.from(body);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    splitter.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { items, members, passedOver, problem: splitter.end() };
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const text = fc.string({ unit: "binary", maxLength: 20 });
const value = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });

/** JSON with white space and escapes that `JSON.stringify` would not write. */
function loosely(json: string, spaces: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g, (part) =>
    part.startsWith('"') ? part.replaceAll("/", String.raw`\/`) : `${spaces}${part}${spaces}`,
  );
}

describe("JsonListSplitter", () => {
  it("hands out what JSON.parse finds, in whatever pieces the body comes [webhook split]", () => {
    const bodies = fc.record({
      items: fc.array(value, { maxLength: 6 }),
      rest: fc.dictionary(
        text.filter((name) => name !== "items" && name !== "__proto__"),
        value,
        { maxKeys: 3 },
      ),
      isFirst: fc.boolean(),
      spaces: fc.constantFrom("", " ", "\r\n\t"),
    });
    fc.assert(
      fc.property(bodies, sizes, ({ items, rest, isFirst, spaces }, pieces) => {
        const body = loosely(JSON.stringify(isFirst ? { items, ...rest } : { ...rest, items }), spaces);
        const found = split(body, pieces);
        const { items: wanted, ...members } = JSON.parse(body) as Record<string, unknown>;
        expect(found).toEqual({ items: wanted, members, passedOver: [], problem: undefined });
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it("accepts no body that JSON.parse refuses, and refuses none that it accepts, one byte changed or cut [webhook split]", () => {
    const seedBody =
      '{"kind":"L\\u0069st","meta":{"a":[1,{}]},"items":[{"a":"\\"}\\\\","b":[]},{"c":{"d":-1.5e3}},"x",null]}';
    fc.assert(
      fc.property(
        fc.nat(seedBody.length - 1),
        fc.constantFrom("", "{", "}", "[", "]", ",", ":", '"', "\\", " ", "1", "x", "\n", "null"),
        fc.nat(2),
        sizes,
        (at, put, cut, pieces) => {
          const body = seedBody.slice(0, at) + put + seedBody.slice(at + cut);
          let wanted: { items?: unknown } | undefined;
          try {
            wanted = JSON.parse(body) as { items?: unknown };
          } catch {
            wanted = undefined;
          }
          const found = split(body, pieces);
          if (wanted === undefined) expect(found.problem).toBeDefined();
          else if (found.problem === undefined) expect(found.items).toEqual(wanted.items ?? []);
          // What is JSON may be refused for two reasons only.
          else expect(found.problem).toMatch(/twice|is not a list/);
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
  });

  it("leaves optional members out beyond their size and keeps everything else [webhook split]", () => {
    const limits = {
      ...wide,
      optionalMembers: new Map([
        ["big", 10],
        ["never", 0],
      ]),
    };
    const items = [
      { a: 1, big: "x".repeat(50), b: { big: "y".repeat(50) } },
      { never: { deep: [1, "]}"] }, big: "small", z: "end" },
      { big: [] },
    ];
    const wanted = [{ ...items[0], big: null }, { ...items[1], never: null }, items[2]];
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const found = split(JSON.stringify({ items }), [size], limits);
      expect(found).toEqual({ items: wanted, members: {}, passedOver: [], problem: undefined });
    }
  });

  it("passes over items that are too large or too deep without holding them, and takes those after them [webhook split]", () => {
    const limits = { maxBytes: 100_000, maxDepth: 8, optionalMembers: new Map<string, number>() };
    const deep = "[".repeat(5000) + "]".repeat(5000);
    const body = `{"items":[{"a":1},{"s":"${'\\"'.repeat(200_000)}"},${deep},{"b":2}]}`;
    for (const size of [17, 1024, 65_536, 1 << 22]) {
      const found = split(body, [size], limits);
      expect(found).toMatchObject({
        items: [{ a: 1 }, { b: 2 }],
        passedOver: ["too-large", "too-deep"],
        problem: undefined,
      });
    }
  });

  it("holds one item at a time, however long the body is [webhook split]", () => {
    let held = 0;
    let count = 0;
    const splitter = new JsonListSplitter({
      listMember: "items",
      limits: { ...wide, maxBytes: 4_194_304 },
      onMember: () => undefined,
      onItem: () => {
        count++;
        return undefined;
      },
      onPassedOver: () => {},
    });
    const item = Buffer.from(`${JSON.stringify({ a: "x".repeat(100_000) })},`);
    splitter.push(Buffer.from('{"items":['));
    for (let turn = 0; turn < 160; turn++) {
      splitter.push(item);
      held = Math.max(held, splitter.heldBytes);
    }
    splitter.push(Buffer.from("{}]}"));
    expect(splitter.end()).toBeUndefined();
    expect(count).toBe(161);
    expect(held).toBeLessThan(300_000);
  });

  it.each([
    ["", "ends too early"],
    ["[]", "is not JSON"],
    ['{"items":[1,]}', "is not JSON"],
    ['{"items":[],}', "is not JSON"],
    ['{"items":[]} x', "is not JSON"],
    ['{"items":[{}', "ends too early"],
    ['{"items":{}}', "is not a list"],
    ['{"items":[],"items":[]}', "twice"],
    ['{"it\\u0065ms":[],"items":[]}', "twice"],
    [`{"a":"${"x".repeat(70_000)}"}`, "too large"],
    [`{"${"x".repeat(2000)}":1}`, "too large"],
    [`{"a":${"[".repeat(300)}${"]".repeat(300)}}`, "too deep"],
    [`{${Array.from({ length: 100 }, (_, at) => `"${at}":0`).join(",")}}`, "too large"],
  ])("refuses %j [webhook split]", (body, reason) => {
    expect(split(body).problem).toContain(reason);
  });
});
