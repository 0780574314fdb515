import { loadStructure, type StructuralType } from "@kinglet/kube-schema/structure";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

/** A pod's specification and a deployment's strategy in one, with finalizers. */
function shape(): StructuralType {
  const pod = loadStructure().typeOf("v1", "Pod")?.fields;
  const deployment = loadStructure().typeOf("apps/v1", "Deployment")?.fields;
  const fields = new Map([
    ...(pod?.get("spec")?.type.fields ?? []),
    ...(pod?.get("metadata")?.type.fields ?? []),
    ...(deployment?.get("spec")?.type.fields ?? []),
  ]);
  return { kind: "object", fields };
}

const merge = (target: unknown, patch: unknown): unknown => applyStrategicMergePatch(shape(), target, patch);

const target = {
  containers: [
    {
      name: "app",
      image: "a:1",
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
      args: ["x", "y"],
    },
    { name: "log", image: "l:1" },
  ],
  finalizers: ["one", "two"],
};

describe("applyStrategicMergePatch", () => {
  it("merges list elements by name and puts new ones first [sim 7]", () => {
    const patch = {
      containers: [
        { name: "side", image: "s:1" },
        { name: "app", image: "a:2" },
      ],
    };
    expect(merge(target, patch)).toMatchObject({
      containers: [{ name: "side" }, { name: "app", image: "a:2", args: ["x", "y"] }, { name: "log" }],
    });
  });

  it("deletes and replaces by directive", () => {
    const removal = { containers: [{ name: "app", env: [{ name: "A", $patch: "delete" }] }] };
    expect(merge(target, removal)).toMatchObject({
      containers: [{ name: "app", env: [{ name: "B", value: "2" }] }, { name: "log" }],
    });
    const replacement = { containers: [{ $patch: "replace" }, { name: "only" }] };
    expect(merge(target, replacement)).toMatchObject({ containers: [{ name: "only" }] });
    expect(merge({ a: { b: 1 } }, { a: { $patch: "replace", c: 2 } })).toEqual({ a: { c: 2 } });
  });

  it("keeps lists without a key as they come and joins lists of plain values that are sets", () => {
    expect(merge({ args: ["a"] }, { args: ["b"] })).toEqual({ args: ["b"] });
    expect(merge(target, { finalizers: ["three", "one"] })).toMatchObject({
      finalizers: ["three", "one", "two"],
    });
    expect(merge(target, { "$deleteFromPrimitiveList/finalizers": ["one"] })).toMatchObject({
      finalizers: ["two"],
    });
  });

  it("orders elements as $setElementOrder says", () => {
    const patch = {
      "$setElementOrder/containers": [{ name: "log" }, { name: "app" }],
      containers: [{ name: "app", image: "a:3" }],
    };
    expect(merge(target, patch)).toMatchObject({
      containers: [{ name: "log" }, { name: "app", image: "a:3" }],
    });
  });

  it("keeps only the fields of $retainKeys", () => {
    const patch = { strategy: { $retainKeys: ["type"], type: "Recreate" } };
    expect(merge({ strategy: { type: "RollingUpdate", rollingUpdate: {} } }, patch)).toEqual({
      strategy: { type: "Recreate" },
    });
  });

  it("comes back to the start by the patch that takes back, and does nothing the second time [client M3]", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 });
    const containers = names.chain((list) =>
      fc.tuple(...list.map((name) => fc.record({ name: fc.constant(name), image: fc.constantFrom("1", "2") }))),
    );
    const property = fc.property(containers, containers, (before, wanted) => {
      const patchTo = (from: { name: string }[], to: { name: string }[]): unknown => ({
        "$setElementOrder/containers": to.map(({ name }) => ({ name })),
        containers: [
          ...to,
          ...from
            .filter((one) => !to.some(({ name }) => name === one.name))
            .map(({ name }) => ({ name, $patch: "delete" })),
        ],
      });
      const start = { containers: before };
      const there = merge(start, patchTo(before, wanted));
      expect(there).toEqual({ containers: wanted });
      expect(merge(there, patchTo(wanted, wanted))).toEqual(there);
      expect(merge(there, patchTo(wanted, before))).toEqual(start);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  it("refuses unknown directives, orders that do not fit and incomplete unions", () => {
    expect(() => merge(target, { $patch: "foo" })).toThrow("unknown patch type: foo in map: map[$patch:foo]");
    const order = { "$setElementOrder/containers": [{ name: "log" }], containers: [{ name: "app", image: "x" }] };
    expect(() => merge(target, order)).toThrow("doesn't match $setElementOrder list");
    expect(() => merge({ strategy: { type: "X" } }, { strategy: { $retainKeys: ["x"], type: "Recreate" } })).toThrow(
      "invalid patch format of retainKeys",
    );
  });

  it("refuses an element without its key", () => {
    expect(() => merge(target, { containers: [{ image: "x" }] })).toThrow("merge key: name");
  });
});
