import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SnapshotTokenizer, type SectionMode, type SnapshotSink } from "./snapshot-tokenizer.ts";
import type { StringBytes } from "./string-bytes.ts";

const tiny = ["A", "B"].map((name) => readFileSync(join(import.meta.dirname, `golden/tiny/${name}.json`)));

/** Writes down every call; consecutive batches of numbers are one. */
class RecordingSink implements SnapshotSink {
  readonly calls: unknown[] = [];
  readonly #modes: Readonly<Record<string, SectionMode>>;
  #numbers: number[] | undefined;
  constructor(modes: Readonly<Record<string, SectionMode>>) {
    this.#modes = modes;
  }
  beginSection(name: string, offset: number): SectionMode {
    this.#numbers = undefined;
    this.calls.push(["begin", name, offset]);
    return this.#modes[name] ?? "skip";
  }
  takeText(text: string): void {
    this.calls.push(["text", text]);
  }
  takeNumbers(values: Float64Array, count: number): void {
    if (this.#numbers === undefined) this.calls.push((this.#numbers = []));
    this.#numbers.push(...values.subarray(0, count));
  }
  takeString(bytes: StringBytes): void {
    this.calls.push(["string", bytes.toString()]);
  }
  endSection(): void {
    this.#numbers = undefined;
    this.calls.push("end");
  }
}

const modes = {
  snapshot: "text",
  nodes: "numbers",
  edges: "numbers",
  locations: "numbers",
  strings: "strings",
} as const;

function tokenize(chunks: Iterable<Uint8Array>, own: Readonly<Record<string, SectionMode>> = modes): unknown[] {
  const sink = new RecordingSink(own);
  const tokenizer = new SnapshotTokenizer("test", sink);
  for (const chunk of chunks) tokenizer.push(chunk);
  tokenizer.end();
  return sink.calls;
}

describe("SnapshotTokenizer", () => {
  it("gives what JSON.parse gives", () => {
    for (const bytes of tiny) {
      const parsed = JSON.parse(bytes.toString()) as Record<string, unknown>;
      const calls = tokenize([bytes]);
      for (const section of ["nodes", "edges", "locations"]) expect(calls).toContainEqual(parsed[section]);
      expect(
        calls.filter((call) => Array.isArray(call) && call[0] === "string").map((call) => (call as string[])[1]),
      ).toEqual(parsed["strings"]);
      const text = calls.find((call) => Array.isArray(call) && call[0] === "text") as string[];
      expect(JSON.parse(text[1] as string)).toEqual(parsed["snapshot"]);
    }
  });

  it("gives the same for a file that is split at any byte", () => {
    for (const bytes of tiny) {
      const whole = tokenize([bytes]);
      for (let at = 0; at <= bytes.length; at++) {
        expect(tokenize([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
      }
      expect(tokenize(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    }
  });

  it("gives the same for any JSON of this shape, cut anywhere", () => {
    const shape = fc.record({
      skipped: fc.jsonValue(),
      nodes: fc.array(fc.maxSafeNat()),
      text: fc.jsonValue(),
      strings: fc.array(fc.string({ unit: "grapheme", maxLength: 100 })),
    });
    const own = { nodes: "numbers", text: "text", strings: "strings" } as const;
    fc.assert(
      fc.property(shape, fc.nat({ max: 3 }), fc.array(fc.nat(400)), (value, indent, cuts) => {
        const bytes = Buffer.from(JSON.stringify(value, null, indent));
        const pieces = [...cuts, bytes.length]
          .sort((a, b) => a - b)
          .map((to, at, all) => bytes.subarray(at === 0 ? 0 : all[at - 1], to));
        const calls = tokenize(pieces, own);
        expect(calls).toEqual(tokenize([bytes], own));
        if (value.nodes.length > 0) expect(calls).toContainEqual(value.nodes);
        const text = calls.find((call) => Array.isArray(call) && call[0] === "text") as string[];
        expect(JSON.parse(text[1] as string)).toEqual(JSON.parse(JSON.stringify(value.text)));
        expect(calls.filter((call) => Array.isArray(call) && call[0] === "string")).toEqual(
          value.strings.map((one) => ["string", one]),
        );
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("reads one section alone, from the offset behind its name", () => {
    const bytes = tiny[0] as Buffer;
    const parsed = JSON.parse(bytes.toString()) as { edges: number[] };
    const [, , offset] = tokenize([bytes]).find((call) => Array.isArray(call) && call[1] === "edges") as [
      string,
      string,
      number,
    ];
    const sink = new RecordingSink({ edges: "numbers" });
    const tokenizer = new SnapshotTokenizer("test", sink);
    tokenizer.resumeAt("edges", offset);
    tokenizer.push(bytes.subarray(offset));
    expect(sink.calls[1]).toEqual(parsed.edges);
  });

  it("gives more numbers than fit into a batch", () => {
    const nodes = Array.from({ length: 20_000 }, (_, at) => at);
    expect(tokenize([Buffer.from(JSON.stringify({ nodes }))])[1]).toEqual(nodes);
  });

  it.each([
    '{"nodes":[1,,2]}',
    '{"nodes":[1,]}',
    '{"nodes":[,1]}',
    '{"nodes":[1 2]}',
    '{"nodes":[-1]}',
    '{"nodes":[[1]]}',
    '{"nodes":{}}',
    '{"nodes":1}',
    '{"nodes":["1"]}',
    '{"strings":[1]}',
    '{"strings":["a",]}',
    '{"strings":["a" "b"]}',
    '{"strings":["\\u00g0"]}',
    '{"strings":["a\nb"]}',
    '{"nodes" [1]}',
    '{"nodes":[1] "edges":[1]}',
    '{"nodes":[1],}',
    "{nodes:[1]}",
    '{"other":]}',
    `{"${"k".repeat(65)}":1}`,
    '{"nodes":[1]}}',
    "[1]",
  ])("refuses %s", (text) => {
    const expected = expect.objectContaining({ code: "KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT" }) as Error;
    expect(() => tokenize([Buffer.from(text)])).toThrow(expected);
  });

  it("refuses text sections beyond 1 MiB instead of keeping them", () => {
    const long = Buffer.from(`{"snapshot":"${"x".repeat(1_100_000)}"}`);
    expect(() => tokenize([long])).toThrow("larger than 1 MiB");
  });
});
