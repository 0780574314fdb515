import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { encodedEvents } from "../../test/protobuf-fixture.ts";
import { fieldTable } from "./field-table.ts";
import { MessageDecoder } from "./message-decoder.ts";
import { messagePlan } from "./message-plan.ts";
import { parseFieldTable } from "./parse-field-table.ts";

const table = parseFieldTable(fieldTable);
const event = messagePlan("GetEventsResponse");
const argument = messagePlan("KprobeArgument");

function decode(bytes: ArrayLike<number>, plan = event): unknown {
  const buffer = Buffer.from(bytes);
  return new MessageDecoder().decode(plan, buffer, 0, buffer.length);
}

/** What of a line the table says is read: the slow but obvious projection. */
function projected(message: string, json: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of table.get(message)!.fields) {
    const value = json[field.name];
    if (!field.isRead || value === undefined) continue;
    const entry = table.get(field.type);
    const one = (item: unknown): unknown =>
      entry?.kind === "message" ? projected(field.type, item as Record<string, unknown>) : item;
    const kept = field.isRepeated ? (value as unknown[]).map(one) : one(value);
    // Writers of JSON by hand keep what protojson leaves out.
    const isZero = kept === "" || kept === 0 || kept === "0" || kept === entry?.values.get(0);
    const isPlain = !field.isRepeated && !field.isInOneof && !field.type.endsWith("Value");
    if (!(isPlain && (isZero || kept === false))) result[field.name] = kept;
  }
  return result;
}

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
const field = (number: number, ...content: number[]): number[] => [
  ...varint(number * 8 + 2),
  ...varint(content.length),
  ...content,
];

describe("MessageDecoder", () => {
  it("reads what a third tool encoded as JSON.parse reads the same events [tetragon-grpc D1]", () => {
    const events = encodedEvents();
    expect(events.length).toBeGreaterThan(60);
    for (const { line, bytes } of events) {
      expect(decode(bytes)).toEqual(projected("GetEventsResponse", JSON.parse(line) as Record<string, unknown>));
    }
  });

  it("knows every member of the union and of the arguments by a number of its own [tetragon-grpc D2]", () => {
    for (const entry of table.values()) {
      const numbers = entry.fields.map(({ number }) => number);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
    expect(table.get("GetEventsResponse")!.fields.filter(({ isInOneof }) => isInOneof)).toHaveLength(11);
    expect(table.get("KprobeArgument")!.fields.filter(({ isInOneof }) => isInOneof)).toHaveLength(32);
  });

  it("passes over unknown fields of every wire type and tells which event it does not know [tetragon-grpc D3]", () => {
    const unknown = [
      ...varint(2000 * 8),
      1,
      ...varint(2001 * 8 + 1),
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      ...varint(2003 * 8 + 5),
      1,
      2,
      3,
      4,
    ];
    const group = [...varint(2004 * 8 + 3), ...field(1, 9), ...varint(2004 * 8 + 4)];
    const decoder = new MessageDecoder();
    const bytes = Buffer.from([...unknown, ...group, ...field(30, 1, 2), ...field(1005, 1), ...field(1000, 0x6e)]);
    expect(decoder.decode(event, bytes, 0, bytes.length)).toEqual({ node_name: "n" });
    expect(decoder.unknownField).toBe(30);
  });

  it("keeps unknown enum numbers as numbers and ignores a field of another wire type [tetragon-grpc D4]", () => {
    expect(decode([8, 99, ...field(2, 0x63)], messagePlan("ProcessThrottle"))).toEqual({ type: 99, cgroup: "c" });
    expect(decode([...varint(2 * 8), 5, 8, 1], messagePlan("ProcessThrottle"))).toEqual({ type: "THROTTLE_START" });
    // -1 takes ten bytes
    expect(decode([8, ...Array.from({ length: 9 }, () => 0xff), 1], messagePlan("ProcessThrottle"))).toEqual({
      type: -1,
    });
  });

  it("takes the last member of a oneof, merges a message that comes twice, reads lists packed or not [tetragon-grpc D5]", () => {
    expect(decode([...field(1, 0x61), 16, 7], argument)).toEqual({ int_arg: 7 });
    expect(decode([16, 7, ...field(1)], argument)).toEqual({ string_arg: "" });
    const module = messagePlan("KernelModule");
    expect(decode([...field(3, 1, 2), 24, 4], module)).toEqual({
      tainted: ["TAINT_PROPRIETARY_MODULE", "TAINT_FORCED_MODULE", "TAINT_FORCED_UNLOAD_MODULE"],
    });
    const twice = [...field(1, ...field(1, ...field(1, 0x61))), ...field(1, ...field(1, ...field(5, 0x62)))];
    expect(decode(twice)).toEqual({ process_exec: { process: { exec_id: "a", binary: "b" } } });
  });

  it("refuses what is cut, endless, without a number or made of too many parts [tetragon-grpc D6]", () => {
    const good = [...field(1, ...field(1, ...field(1, 0x61))), ...field(1000, 0x6e)];
    expect(decode(good)).toBeDefined();
    expect(decode(good.slice(0, -1))).toBeUndefined();
    // A nested message that claims more than its parent has
    expect(decode([...varint(10), 3, 10, 50, 1, ...good])).toBeUndefined();
    expect(decode([0, 1])).toBeUndefined();
    expect(decode(Array.from({ length: 11 }, () => 0x80))).toBeUndefined();
    expect(decode([...varint(2002 * 8 + 2), 0xff, 0xff, 0xff, 0xff, 0x0f])).toBeUndefined();
    expect(decode([0x0f])).toBeUndefined();
    const manyParts = Array.from({ length: 20_001 }, () => field(4)).flat();
    expect(decode(field(9, ...manyParts))).toBeUndefined();
    expect(decode(Array.from({ length: 100_000 }, () => 0x1b))).toBeUndefined();
  });

  it("never throws and never reads beyond its message, whatever the bytes [tetragon-grpc D7]", () => {
    const samples = encodedEvents().map(({ bytes }) => bytes);
    const decoder = new MessageDecoder();
    const mutated = fc
      .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 8 }), fc.nat(4000))
      .map(([sample, changes, cut]) => {
        const bytes = Buffer.from(sample.subarray(0, cut % 3 === 0 ? cut % (sample.length + 1) : sample.length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const guarded = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)]);
        const inside = decoder.decode(event, guarded, 3, 3 + bytes.length);
        expect(inside).toEqual(decode(bytes));
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it("agrees with protobufjs about any value of any scalar [tetragon-grpc D8]", () => {
    const root = protobuf.parse(
      'syntax = "proto3"; message A { oneof arg { int32 i = 2; uint64 s = 4; bytes b = 5; int64 l = 11; uint32 u = 15; string t = 1; } }',
    ).root;
    const type = root.lookupType("A");
    const names = new Map([
      ["i", "int_arg"],
      ["s", "size_arg"],
      ["b", "bytes_arg"],
      ["l", "long_arg"],
      ["u", "uint_arg"],
      ["t", "string_arg"],
    ]);
    const value = fc.oneof(
      fc.record({ i: fc.integer() }),
      fc.record({ s: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) }),
      fc.record({ l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
      fc.record({ u: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
      fc.record({ t: fc.string({ unit: "binary" }) }),
      fc.record({ b: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")) }),
    );
    fc.assert(
      fc.property(value, (json) => {
        const [name, expected] = Object.entries(json)[0]!;
        const bytes = type.encode(type.fromObject(json)).finish();
        expect(decode(bytes, argument)).toEqual({ [names.get(name)!]: expected });
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
