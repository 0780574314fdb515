import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "./kube-object.ts";
import { ObjectTable } from "./object-table.ts";

interface Versioned extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly resourceVersion: string };
}

function object(namespace: string, name: string, resourceVersion: string): Versioned {
  return { metadata: { ...(namespace === "" ? {} : { namespace }), name, uid: name, resourceVersion } };
}

describe("ObjectTable", () => {
  it("holds what a map by key holds, after any changes in any order", () => {
    const namespace = fc.constantFrom("", "a", "b");
    const name = fc.constantFrom("x", "x-1", "x-10", "x-2", "y", "é", "𝒳", "z".repeat(40));
    const change = fc.record({ kind: fc.constantFrom("set", "set", "delete", "pack"), namespace, name });
    const property = fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const table = new ObjectTable<Versioned>();
      const oracle = new Map<string, Versioned>();
      const keyOf = (at: { namespace: string; name: string }): string =>
        at.namespace === "" ? at.name : `${at.namespace}/${at.name}`;
      for (const [index, at] of changes.entries()) {
        const made = object(at.namespace, at.name, String(index));
        if (at.kind === "set") {
          table.set(made);
          oracle.set(keyOf(at), made);
        } else if (at.kind === "delete") {
          table.delete(made);
          oracle.delete(keyOf(at));
        } else {
          table.pack();
        }
        expect(table.find(made)).toBe(oracle.get(keyOf(at)));
        expect(table.get(keyOf(at))).toBe(oracle.get(keyOf(at)));
        expect(table.size).toBe(oracle.size);
      }
      expect(new Set(table.values())).toEqual(new Set(oracle.values()));
      for (const where of ["", "a", "b", "none"]) {
        const expected = [...oracle.values()].filter(({ metadata }) => (metadata.namespace ?? "") === where);
        const names = [...table.inNamespace(where)].map(({ metadata }) => metadata.name);
        expect(names).toEqual(
          expected.map(({ metadata }) => metadata.name).toSorted((one, other) => (one < other ? -1 : 1)),
        );
      }
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("keeps 50,000 objects of one namespace that come in any order", () => {
    const table = new ObjectTable<Versioned>();
    const made = Array.from({ length: 50_000 }, (_, index) =>
      object("a", `pod-${(Math.imul(index, 2_654_435_761) >>> 0).toString(16)}-${index}`, "1"),
    );
    for (const one of made) table.set(one);
    expect(table.size).toBe(made.length);
    expect(made.every((one) => table.find(one) === one)).toBe(true);
  });
});
