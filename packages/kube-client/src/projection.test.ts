import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Interner } from "./interner.ts";
import { compileProjection, type Projection } from "./projection.ts";

const identity = { name: "cart-0", namespace: "shop", uid: "u1", resourceVersion: "7" };

function project(paths: readonly string[], source: object): unknown {
  return compileProjection({ paths })(structuredClone(source) as Record<string, unknown>, new Interner(100, 100));
}

describe("compileProjection", () => {
  it("keeps the declared fields and the identity, nothing else", () => {
    const source = {
      kind: "Pod",
      metadata: { ...identity, labels: { app: "cart" }, managedFields: [{}], annotations: { "a.b/c": "1", d: "2" } },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "i", env: [1] }, { name: "s" }], volumes: [] },
      status: { phase: "Running", podIP: "10.0.0.1" },
    };
    const paths = [
      "metadata.labels",
      'metadata.annotations["a.b/c"]',
      "spec.nodeName",
      "spec.containers[].name",
      "spec.containers[].image",
    ];
    expect(project(paths, source)).toStrictEqual({
      metadata: { ...identity, labels: { app: "cart" }, annotations: { "a.b/c": "1" } },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }, { name: "s" }] },
    });
    expect(project([], source)).toStrictEqual({ metadata: identity });
    expect(project(["kind", "status"], source)).toStrictEqual({
      metadata: identity,
      kind: "Pod",
      status: source.status,
    });
  });

  it("leaves out what is absent, null or of another shape", () => {
    const source = { metadata: identity, spec: null, list: { a: 1 }, record: [1], items: [null, 1, { a: 1 }] };
    expect(
      project(["spec.a", "list[].a", "record.a", "items[].a", "nothing.at[].all", "toString"], source),
    ).toStrictEqual({
      metadata: identity,
      items: [{ a: 1 }],
    });
  });

  it("never keeps managedFields, also when all metadata is asked for", () => {
    const source = { metadata: { ...identity, managedFields: [{}], labels: {} } };
    expect(project(["metadata"], source)).toStrictEqual({ metadata: { ...identity, labels: {} } });
  });

  it("takes the wider of two overlapping paths, in either order", () => {
    const source = { metadata: identity, spec: { a: { b: 1, c: 2 } } };
    const wide = { metadata: identity, spec: { a: { b: 1, c: 2 } } };
    expect(project(["spec.a", "spec.a.b"], source)).toStrictEqual(wide);
    expect(project(["spec.a.b", "spec.a"], source)).toStrictEqual(wide);
  });

  it("compiles one declaration once", () => {
    const projection: Projection = { paths: ["spec.nodeName"] };
    expect(compileProjection(projection)).toBe(compileProjection(projection));
  });

  it.each(["", ".a", "a.", "a..b", "a[0]", 'a[""]', "a b", "__proto__.x", "a[].[]"])("refuses the path %j", (path) => {
    expect(() => project([path], {})).toThrow(expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" }));
  });

  it("refuses paths that disagree on what is an array", () => {
    expect(() => project(["spec.a[].b", "spec.a.c"], {})).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" }),
    );
  });

  it("is idempotent", () => {
    const paths = ["spec.a", "spec.b[].c", "status.d.e"];
    const run = compileProjection({ paths });
    const interner = new Interner(100, 100);
    const value = fc.jsonValue({ maxDepth: 3 });
    const source = fc.record({
      metadata: fc.constant(identity),
      spec: fc.record({ a: value, b: fc.array(fc.record({ c: value, d: value })) }),
      status: fc.record({ d: fc.record({ e: value, f: value }) }),
    });
    const property = fc.property(source, (object) => {
      const once = run(structuredClone(object), interner);
      expect(run(structuredClone(once), interner)).toStrictEqual(once);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("keeps strings that do not hold the text they were parsed from", () => {
    const run = compileProjection({ paths: ["spec.nodeName", "metadata.labels"] });
    const interner = new Interner(0, 0);
    const kept: unknown[] = [];
    const padding = "p".repeat(1024 * 1024);
    const before = usedAfterGc();
    for (let index = 0; index < 64; index++) {
      const text = JSON.stringify({
        metadata: {
          ...identity,
          uid: `a-uid-that-is-long-enough-to-be-sliced-${index}`,
          labels: { app: `a-label-that-is-long-enough-${index}` },
        },
        spec: { nodeName: `a-node-name-that-is-long-enough-${index}`, padding },
      });
      // Through bytes, as from the wire: the text is one flat string.
      kept.push(run(JSON.parse(Buffer.from(text).toString("utf8")) as Record<string, unknown>, interner));
    }
    // Slices would hold all 64 MiB; what is left are freed buffers that V8 has not yet counted off.
    expect(usedAfterGc() - before).toBeLessThan(24 * 1024 * 1024);
    expect(kept).toHaveLength(64);
  });

  it("keeps values that are nested as deep as a server allows [client C7]", () => {
    const depth = 10_000;
    const deep = JSON.parse(`${'{"a":'.repeat(depth)}"end"${"}".repeat(depth)}`) as unknown;
    const source = { metadata: { name: "n" }, spec: deep };
    expect(compileProjection({ paths: ["spec"] })(source, new Interner(10, 10))["spec"]).toBe(deep);
  });
});

function usedAfterGc(): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
