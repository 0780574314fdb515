import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { event, object } from "../test/fake-api.ts";
import { fault, startInformer } from "../test/informer-fixture.ts";
import { createIndex, type DeepReadonly, type KubeObject } from "./index.ts";

/** Two letters of the name are values: most objects have two, `aa` has one. */
function letters({ metadata }: DeepReadonly<KubeObject>): string[] {
  return [metadata.name[0]!, metadata.name[1]!];
}

describe("createIndex", () => {
  it("is right whenever a handler or reader looks [client C4]", async () => {
    const { informer, clock, stop } = await startInformer(
      [
        { items: [object("ab", "1"), object("bc", "2")], resourceVersion: "5" },
        { items: [object("ab", "1"), object("cd", "8")], resourceVersion: "9" },
      ],
      [
        { afterMs: 10, ends: true },
        { events: [event("ADDED", "ac", "6"), event("DELETED", "ac", "7")], fails: fault("GONE") },
        {},
      ],
    );
    const index = createIndex(informer, letters);
    expect([[...index.get("b")].map((one) => one.metadata.name), index.count("a"), index.count("z")]).toEqual([
      ["ab", "bc"],
      1,
      0,
    ]);
    const counts: string[] = [];
    const look = (one: DeepReadonly<KubeObject>): void => {
      counts.push(`${one.metadata.name} a${index.count("a")} c${index.count("c")}`);
    };
    informer.addHandler({ onAdd: look, onUpdate: look, onDelete: look });
    await clock.advance(2000);
    // The list took effect as a whole: its first delivery already finds its last object.
    expect(counts).toEqual(["ab a1 c1", "bc a1 c1", "ac a2 c2", "ac a1 c1", "cd a1 c1", "bc a1 c1"]);
    expect([...index.values()].sort()).toEqual(["a", "b", "c", "d"]);
    await stop();
  });

  it("equals a scan of the store after any history [client C4]", async () => {
    const name = fc.constantFrom("aa", "ab", "bc", "ca", "cc");
    const step = fc.record({ name, kind: fc.constantFrom("ADDED", "MODIFIED", "DELETED", "list", "again") });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let version = 10;
      const lists = [{ items: [object("ab", "1"), object("cc", "2")], resourceVersion: "5" }];
      const watches = [];
      for (const { name: own, kind } of steps) {
        version++;
        if (kind === "list") {
          watches.push({ events: [event("ADDED", own, String(version))], fails: fault("GONE") });
          lists.push({
            items: [object(own, String(version)), object("zz", String(version))],
            resourceVersion: String(version),
          });
        } else if (kind === "again")
          watches.push({ events: [event("MODIFIED", own, String(version), `uid-${version}`)], ends: true });
        else watches.push({ events: [event(kind, own, String(version))], ends: true });
      }
      const { informer, clock, stop } = await startInformer(lists, [...watches, {}]);
      const early = createIndex(informer, letters);
      await clock.advance(600_000);
      const late = createIndex(informer, letters);
      for (const value of ["a", "b", "c", "z", "q"]) {
        const scan = new Set([...informer.values()].filter((one) => letters(one).includes(value)));
        expect(new Set(early.get(value))).toEqual(scan);
        expect(new Set(late.get(value))).toEqual(scan);
      }
      await stop();
    });
    await fc.assert(property, { seed: 1, numRuns: 100 });
  });

  it("keeps the informer going, and its handlers served, when its function throws", async () => {
    const { informer, log, clock, stop } = await startInformer(
      [{ items: [], resourceVersion: "5" }],
      [{ afterMs: 10, thenAfterMs: 10, more: [event("ADDED", "a", "6"), event("ADDED", "b", "7")] }],
    );
    const index = createIndex(informer, ({ metadata }) => {
      if (metadata.name === "a") throw new Error("no name of mine");
      return [metadata.name];
    });
    await clock.advance(10);
    expect(log).toEqual(["synced", "+a@6", "+b@7"]);
    expect([index.count("a"), index.count("b"), informer.resourceVersion]).toEqual([0, 1, "7"]);
    await stop();
  });
});
