import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ListSplitter } from "./list-splitter.ts";

const MIB = 1024 * 1024;

function split(chunks: readonly Buffer[], maxItemBytes = MIB): { items: unknown[]; envelope: string | undefined } {
  const items: unknown[] = [];
  const splitter = new ListSplitter(maxItemBytes, (text) => items.push(JSON.parse(text)));
  for (const chunk of chunks) splitter.push(chunk);
  return { items, envelope: splitter.finish() };
}

function reassemble(chunks: readonly Buffer[]): unknown {
  const { items, envelope } = split(chunks);
  const document = JSON.parse(envelope ?? "null") as { items?: unknown };
  return Array.isArray(document.items) ? { ...document, items } : document;
}

const TRICKY = {
  kind: "PodList",
  metadata: { resourceVersion: "12", items: [1, { items: [] }], note: '"items":[{"a":1}]' },
  items: [
    { a: 'b"]}\\', "c\u2028d": "ä€😀", e: [[], {}, [{ items: [1] }]] },
    { "": null },
    [1, 2],
    "x,]}",
    null,
    -1.5e3,
  ],
  tail: { items: ["}"] },
};

describe("ListSplitter", () => {
  it("gives the same document whatever single byte it is cut at [client W9]", () => {
    const bytes = Buffer.from(JSON.stringify(TRICKY, null, 1));
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(reassemble([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(TRICKY);
    }
    expect(reassemble([...bytes].map((byte) => Buffer.from([byte])))).toEqual(TRICKY);
  });

  it("equals JSON.parse for any document and any cuts", () => {
    const property = fc.property(
      fc.record({ kind: fc.string(), metadata: fc.jsonValue(), items: fc.array(fc.jsonValue()), zz: fc.jsonValue() }),
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.constantFrom(0, 1),
      (document, cuts, indent) => {
        const text = JSON.stringify(document, null, indent);
        const bytes = Buffer.from(text);
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(reassemble(chunks)).toEqual(JSON.parse(text));
      },
    );
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("knows that a document which ends early is not complete", () => {
    const bytes = Buffer.from(JSON.stringify(TRICKY));
    for (let end = 1; end < bytes.length; end++) expect(split([bytes.subarray(0, end)]).envelope).toBeUndefined();
  });

  it("keeps a document without items whole, and one whose items are null", () => {
    const status = { kind: "Status", code: 410, details: { items: [1] } };
    expect(reassemble([Buffer.from(JSON.stringify(status))])).toEqual(status);
    expect(reassemble([Buffer.from('{"items":null}')])).toEqual({ items: null });
    expect(reassemble([Buffer.from('{"x":"items","y":[1]}')])).toEqual({ x: "items", y: [1] });
  });

  it("refuses an object beyond the limit instead of gathering it", () => {
    const bytes = Buffer.from(JSON.stringify({ items: ["a".repeat(2000)] }));
    expect(() => split([bytes.subarray(0, 1500), bytes.subarray(1500)], 1000)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE" }),
    );
  });
});
