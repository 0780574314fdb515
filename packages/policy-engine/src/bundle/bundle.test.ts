import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBundle, encodeBundle, packBundle, readBundleIndex, unpackBundle, type BundleObject } from "./index.ts";
import type { EncodedBundle } from "./encode-bundle.ts";

function policy(name: string, spec: unknown = { policyName: name }): BundleObject {
  return {
    apiVersion: "config.stackrox.io/v1alpha1",
    kind: "SecurityPolicy",
    metadata: { name, namespace: "kinglet" },
    spec,
  };
}

function piecesOf(bundle: EncodedBundle): readonly Uint8Array[] {
  return bundle.documents.map(({ binaryData }, at) => Buffer.from(binaryData[`bundle.${at}`] ?? "", "base64"));
}

/** Text that does not compress, the same each time. */
function noise(length: number, seed = 1): string {
  let state = seed;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += (state >>> 8).toString(36);
  }
  return text.slice(0, length);
}

describe("encodeBundle", () => {
  it("gives the same bytes whatever the order of objects and of keys", async () => {
    const one = await encodeBundle({ policies: [policy("a", { x: 1, y: { b: 2, a: 1 } }), policy("b")], rules: [] });
    const other = await encodeBundle({ policies: [policy("b"), policy("a", { y: { a: 1, b: 2 }, x: 1 })], rules: [] });
    expect(other).toEqual(one);
  });

  it("gives another hash for any change", async () => {
    const one = await encodeBundle({ policies: [policy("a")], rules: [] });
    const other = await encodeBundle({ policies: [policy("a", { policyName: "A" })], rules: [] });
    const asRules = await encodeBundle({ policies: [], rules: [policy("a")] });
    expect(new Set([one.sha256, other.sha256, asRules.sha256]).size).toBe(3);
  });

  it("cuts what is too large for one document into pieces of at most 900 KiB each", async () => {
    const policies = Array.from({ length: 50 }, (_, at) => policy(`p${at}`, { description: noise(50_000, at + 1) }));
    const bundle = await encodeBundle({ policies, rules: [] });
    expect(bundle.documents.map(({ name }) => name)).toEqual([
      "kinglet-policies",
      "kinglet-policies-1",
      "kinglet-policies-2",
    ]);
    for (const { data, binaryData } of bundle.documents) {
      const bytes = [...Object.entries(data), ...Object.entries(binaryData)].reduce(
        (sum, [key, text]) => sum + key.length + text.length,
        0,
      );
      expect(bytes).toBeLessThanOrEqual(921_600);
    }
    const { policies: read } = await decodeBundle(readBundleIndex(bundle.documents[0]?.data ?? {}), piecesOf(bundle));
    expect(read).toHaveLength(50);
  });

  it("refuses two objects of one name, and values without JSON, naming the object", async () => {
    await expect(encodeBundle({ policies: [policy("a"), policy("a")], rules: [] })).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_ENTRY",
      details: { name: "kinglet/a" },
    });
    await expect(encodeBundle({ policies: [policy("a", { x: Number.NaN })], rules: [] })).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_ENTRY",
    });
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = { deep };
    await expect(encodeBundle({ policies: [policy("a", deep)], rules: [] })).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_ENTRY",
    });
  });

  it("refuses what would need more pieces than readers may read", async () => {
    const policies = [policy("a", { description: noise(200_000) })];
    await expect(encodeBundle({ policies, rules: [] }, { maxBytes: 8192 })).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_TOO_LARGE",
    });
  });
});

describe("decodeBundle", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 12 });

  it("gives back what was encoded, sorted by name", async () => {
    await fc.assert(
      fc.asyncProperty(names, names, fc.jsonValue(), async (policies, rules, spec) => {
        const bundle = await encodeBundle({
          policies: policies.map((name) => policy(name, spec)),
          rules: rules.map((name) => policy(name)),
        });
        const read = await decodeBundle(readBundleIndex(bundle.documents[0]?.data ?? {}), piecesOf(bundle));
        const sorted = [...policies].sort((left, right) => (left < right ? -1 : 1));
        expect(read.policies.map(({ metadata }) => metadata.name)).toEqual(sorted);
        expect(read.policies).toEqual(JSON.parse(JSON.stringify(sorted.map((name) => policy(name, spec)))));
        expect(read.rules).toHaveLength(rules.length);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it("never gives objects of a bundle in which a byte was changed", async () => {
    const bundle = await encodeBundle({ policies: [policy("a"), policy("b")], rules: [] });
    const index = readBundleIndex(bundle.documents[0]?.data ?? {});
    for (let at = 0; at < bundle.bytes.length; at++) {
      const bytes = Uint8Array.from(bundle.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      await expect(decodeBundle(index, [bytes])).rejects.toMatchObject({
        code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH",
      });
    }
  });

  it("verifies the content too: pieces that fit a wrong index are refused", async () => {
    const one = await encodeBundle({ policies: [policy("a")], rules: [] });
    const other = await encodeBundle({ policies: [policy("b")], rules: [] });
    await expect(decodeBundle({ ...one, pieces: other.pieces }, [other.bytes])).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH",
    });
    await expect(decodeBundle({ ...one, policies: 2 }, [one.bytes])).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT",
    });
    await expect(decodeBundle(one, [])).rejects.toMatchObject({ code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT" });
  });

  it("does not unfold more than its bound", async () => {
    const { gzipSync } = await import("node:zlib");
    const { createHash } = await import("node:crypto");
    const bomb = gzipSync(Buffer.alloc(70_000_000));
    const pieces = [createHash("sha256").update(bomb).digest("hex")];
    await expect(
      decodeBundle({ sha256: "0".repeat(64), encoding: "gzip", policies: 0, rules: 0, pieces }, [bomb]),
    ).rejects.toMatchObject({
      code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_TOO_LARGE",
    });
  });
});

describe("readBundleIndex", () => {
  it("takes the texts of files with a line end, too", async () => {
    const { documents, sha256 } = await encodeBundle({ policies: [policy("a")], rules: [] });
    const data = Object.fromEntries(Object.entries(documents[0]?.data ?? {}).map(([key, text]) => [key, `${text}\n`]));
    expect(readBundleIndex(data)).toMatchObject({ sha256, policies: 1, rules: 0 });
  });

  it.each([
    [{}],
    [{ format: "2" }],
    [{ format: "1", sha256: "x", pieces: "y", policies: "1", rules: "0" }],
    [{ format: "1", sha256: "0".repeat(64), pieces: "", policies: "1", rules: "0" }],
    [{ format: "1", sha256: "0".repeat(64), encoding: "br", pieces: "0".repeat(64), policies: "1", rules: "0" }],
    [{ format: "1", sha256: "0".repeat(64), encoding: "gzip", pieces: "0".repeat(64), policies: "-1", rules: "0" }],
    [{ format: "1", sha256: "0".repeat(64), encoding: "plain", pieces: "0".repeat(64), policies: "1" }],
  ])("refuses %j", (data: Readonly<Record<string, string>>) => {
    expect(() => readBundleIndex(data)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT" }),
    );
  });
});

describe("packBundle", () => {
  it("is read back by unpackBundle", async () => {
    const bundle = await encodeBundle({ policies: [policy("a")], rules: [policy("r")] });
    const { index, pieces } = unpackBundle(packBundle(bundle, piecesOf(bundle)));
    expect(await decodeBundle(index, pieces)).toMatchObject({ policies: [policy("a")], rules: [policy("r")] });
  });

  it("refuses a file that was cut off, lengthened or is something else", async () => {
    const bundle = await encodeBundle({ policies: [policy("a")], rules: [] });
    const file = packBundle(bundle, piecesOf(bundle));
    const broken = [
      file.subarray(0, -1),
      Buffer.concat([file, Buffer.from("x")]),
      new Uint8Array(),
      Buffer.from("null\n"),
      Buffer.from("{}\n"),
    ];
    for (const bytes of broken) {
      expect(() => unpackBundle(bytes)).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT" }),
      );
    }
  });
});
