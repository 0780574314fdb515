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
});
