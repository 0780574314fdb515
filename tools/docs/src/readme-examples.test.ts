import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeReadmeExamples, writeReadmeExamples, type ReadmeExample } from "./readme-examples.ts";

const root = join(import.meta.dirname, "../../..");
const scratch = join(import.meta.dirname, "../.cache/readme");
const run = promisify(execFile);

let examples: readonly ReadmeExample[];
beforeAll(async () => {
  examples = await writeReadmeExamples(root);
});
afterAll(async () => {
  await removeReadmeExamples(root);
  await rm(scratch, { recursive: true, force: true });
});

describe("the examples in packages/*/README.md", () => {
  it("compile, one at least for each package", { timeout: 60_000 }, async () => {
    const project = join(scratch, "tsconfig.json");
    await mkdir(scratch, { recursive: true });
    await writeFile(
      project,
      JSON.stringify({
        extends: join(root, "tsconfig.base.json"),
        compilerOptions: {
          composite: false,
          declaration: false,
          isolatedDeclarations: false,
          noEmit: true,
          allowImportingTsExtensions: true,
          rewriteRelativeImportExtensions: false,
          noUnusedLocals: false,
          noUnusedParameters: false,
          noPropertyAccessFromIndexSignature: false,
        },
        files: examples.map(({ file }) => file),
      }),
    );
    expect(await complaintsOf(join(root, "node_modules/.bin/tsc"), ["-p", project, "--pretty", "false"])).toBe("");
    const packages = await readdir(join(root, "packages"));
    expect([...new Set(examples.map(({ name }) => name))]).toEqual(packages.toSorted());
  });

  it("run to their end", { timeout: 60_000 }, async () => {
    const complaints = await Promise.all(
      examples
        .filter(({ isRun }) => isRun)
        .map(async ({ file }) => complaintsOf(process.execPath, ["--conditions=@kinglet/source", file])),
    );
    expect(complaints.filter((text) => text !== "")).toEqual([]);
  });
});

/** Empty when the program ends well; else what it wrote. */
async function complaintsOf(program: string, args: readonly string[]): Promise<string> {
  try {
    await run(program, args, { timeout: 20_000 });
    return "";
  } catch (error) {
    const {
      message,
      stdout = "",
      stderr = "",
    } = error as Error & { readonly stdout?: string; readonly stderr?: string };
    return `${message}\n${stdout}${stderr}`;
  }
}
