import { openTempDir } from "@kinglet/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelFiles } from "../test/model-files.ts";
import { nodeJournalFiles, type JournalFiles } from "./journal-files.ts";
import { Journal } from "./journal.ts";

interface Opened {
  readonly journal: Journal;
  readonly content: { readonly records: readonly unknown[]; readonly damaged: number };
}

const openIn = async (path: string, files: JournalFiles, maxBytes: number): Promise<Opened> => {
  const records: unknown[] = [];
  const { journal, damaged } = await Journal.open(path, { files, maxBytes, take: (record) => records.push(record) });
  return { journal, content: { records, damaged } };
};
const open = (model: ModelFiles, maxBytes = 10_000_000): Promise<Opened> => openIn("/queue", model.files, maxBytes);
const contentOf = async (model: ModelFiles): Promise<unknown> => (await open(model)).content;

describe("Journal", () => {
  it("gives back what was written, over restarts, and keeps one file [learning queue]", async () => {
    await using folder = await openTempDir();
    const path = folder.file("a");
    for (let round = 0; round < 3; round += 1) {
      const { journal, content } = await openIn(path, nodeJournalFiles, 1_000_000);
      const expected = round === 0 ? [] : [{ round: round - 1 }, { text: "\u22ef \ud800 é\n" }];
      expect(content).toMatchObject({ records: expected, damaged: 0 });
      expect(journal.needsRewrite).toBe(true);
      await journal.rewrite([{ round }]);
      await journal.append([{ text: "\u22ef \ud800 é\n" }]);
      expect(await nodeJournalFiles.names(path)).toHaveLength(2);
      await journal.end();
      expect(await nodeJournalFiles.names(path)).toHaveLength(1);
    }
  });

  it("leaves out a last line that was cut off, and counts damaged ones [learning corrupt]", async () => {
    const model = new ModelFiles();
    const { journal } = await open(model);
    await journal.rewrite([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const [name = ""] = model.names;
    const whole = model.content(name);
    model.replace(name, whole.subarray(0, whole.length - 3));
    expect(await contentOf(model.afterKill())).toMatchObject({ records: [{ n: 1 }, { n: 2 }], damaged: 0 });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const damaged = Buffer.from(whole);
        damaged[at] = damaged[at]! ^ bits;
        model.replace(name, damaged);
        const { content } = await open(model.afterKill());
        const lost = 3 - content.records.length;
        expect(lost).toBeLessThanOrEqual(2);
        expect(content.damaged > 0 || (lost === 1 && at === whole.length - 1)).toBe(true);
        for (const record of content.records) expect([{ n: 1 }, { n: 2 }, { n: 3 }]).toContainEqual(record);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("holds everything it said it holds, whenever the power fails [learning power]", async () => {
    const model = new ModelFiles();
    const { journal } = await open(model);
    /** How many records are safe after so many steps. */
    const safe: [steps: number, records: number][] = [[0, 0]];
    let written = 0;
    for (const count of [2, 1, 3]) {
      const records = Array.from({ length: count }, () => ({ n: ++written }));
      if (journal.needsRewrite) await journal.rewrite(records);
      else await journal.append(records);
      safe.push([model.steps.length, written]);
    }
    await journal.rewrite(Array.from({ length: written }, (_, at) => ({ n: at + 1 })));
    await journal.append([{ n: ++written }]);
    safe.push([model.steps.length, written]);
    let states = 0;
    for (let steps = 0; steps <= model.steps.length; steps += 1) {
      const promised = safe.findLast(([at]) => at <= steps)?.[1] ?? 0;
      for (const after of model.afterPowerFailure(steps)) {
        const { content, journal } = await open(after);
        states += 1;
        expect(content.damaged).toBe(0);
        expect(content.records.slice(0, promised)).toEqual(
          Array.from({ length: promised }, (_, at) => ({ n: at + 1 })),
        );
        // And it goes on from there.
        await journal.rewrite([...content.records, { n: "next" }]);
        expect((await open(after.afterKill())).content.records).toHaveLength(content.records.length + 1);
      }
    }
    expect(states).toBeGreaterThan(50);
  });

  it("writes nothing behind half a line: after an error it begins anew [learning queue]", async () => {
    for (const failing of ["append", "sync", "create", "rename"] as const) {
      const model = new ModelFiles();
      const { journal } = await open(model);
      await journal.rewrite([{ n: 1 }]);
      model.failing = failing;
      const write =
        failing === "create" || failing === "rename" ? journal.rewrite([{ n: 2 }]) : journal.append([{ n: 2 }]);
      await expect(write).rejects.toMatchObject({ code: "ENOSPC" });
      // What failed may be there or not; what was there before is.
      expect((await open(model.afterKill())).content.records[0]).toEqual({ n: 1 });
      model.failing = undefined;
      expect(journal.needsRewrite).toBe(true);
      await journal.rewrite([{ n: 1 }, { n: 2 }]);
      expect(await contentOf(model.afterKill())).toMatchObject({ records: [{ n: 1 }, { n: 2 }], damaged: 0 });
    }
  });

  it("asks to be rewritten before it is larger than it may be, or much larger than it was [learning bounds]", async () => {
    const { journal } = await open(new ModelFiles(), 5_000);
    await journal.rewrite([]);
    let appended = 0;
    for (; !journal.needsRewrite; appended += 1) await journal.append([{ text: "x".repeat(100) }]);
    expect(journal.bytes).toBeGreaterThan(5_000);
    expect(journal.bytes).toBeLessThan(5_200);
    await journal.rewrite([{ n: 1 }]);
    expect([journal.needsRewrite, appended > 40]).toEqual([false, true]);
  });

  it("takes the newest file and removes the others, unfinished ones too [learning queue]", async () => {
    const model = new ModelFiles();
    const { journal } = await open(model);
    await journal.rewrite([{ n: 1 }]);
    const { files } = model;
    await files.create("/queue/0000000009.journal.tmp");
    await files.create("/queue/notes.txt");
    const again = await open(model);
    expect(again.content.records).toEqual([{ n: 1 }]);
    await again.journal.rewrite([{ n: 2 }]);
    expect(model.names).toEqual(["0000000002.journal", "notes.txt"]);
  });
});
