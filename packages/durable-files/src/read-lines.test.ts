import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";

import { encodeLine } from "./checked-line.ts";
import { readLines } from "./read-lines.ts";

describe("readLines", () => {
  it("keeps nothing of a line that is longer than any of ours, and reads on behind it [files L-2]", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-lines-`);
    const path = `${folder}/file`;
    await writeFile(path, encodeLine({ n: 1 }));
    // A hole: it takes no room on the disk.
    await truncate(path, 200_000_000);
    await appendFile(path, `\n${encodeLine({ n: 2 })}`);
    const records: unknown[] = [];
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const { damaged } = await readLines(path, 0, (record) => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      return records.push(record) > 0;
    });
    await rm(folder, { recursive: true });
    expect([records, damaged]).toEqual([[{ n: 1 }, { n: 2 }], 1]);
    expect(most).toBeLessThan(100_000_000);
  });

  it("counts an end of zeros as damaged, and a line that was cut off as none [files L-2]", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-lines-`);
    const damagedOf = async (end: string | Uint8Array): Promise<number> => {
      await writeFile(`${folder}/file`, encodeLine({ n: 1 }));
      await appendFile(`${folder}/file`, end);
      return (await readLines(`${folder}/file`, 0, () => true)).damaged;
    };
    expect(await damagedOf(encodeLine({ n: 2 }).slice(0, -3))).toBe(0);
    expect(await damagedOf(new Uint8Array(10))).toBe(1);
    expect(await damagedOf(new Uint8Array(200_000))).toBe(1);
    await writeFile(`${folder}/file`, "");
    await truncate(`${folder}/file`, 50_000_000);
    expect((await readLines(`${folder}/file`, 0, () => true)).damaged).toBe(1);
    await rm(folder, { recursive: true });
  });
});
