import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiReport } from "./api-report.ts";

/** Inside the repository: the declarations look for Node's types above themselves. */
const cache = join(import.meta.dirname, "../.cache");

let folder: string;
beforeAll(async () => {
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "planted-"));
  await mkdir(join(folder, "dist"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "@kinglet/planted", version: "0.0.0" }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function reportOf(declarations: string): Promise<Awaited<ReturnType<typeof apiReport>>> {
  await writeFile(join(folder, "dist/index.d.ts"), declarations);
  return apiReport(folder, { report: "planted", declarations: "dist/index.d.ts" });
}

describe("apiReport", () => {
  it("shows what is exported, without its documentation", async () => {
    const { text, problems } = await reportOf("/** Long words. @public */\nexport declare const answer: 42;\n");
    expect(text).toContain("// @public\nexport const answer: 42;");
    expect(text).not.toContain("Long words");
    expect(problems).toEqual([]);
  });

  it("names an export without a release tag", async () => {
    const { problems } = await reportOf("/** Nobody said for whom. */\nexport declare const answer: 42;\n");
    expect(problems.join()).toMatch(/"answer" .* missing a release tag/);
  });
});
