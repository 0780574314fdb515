import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeAtImport } from "./code-at-import.ts";

const packagesFolder = join(import.meta.dirname, "../../../packages");

/** Entries of packages that must be pure: everything that is part of the product. */
const workspace = new Map<string, string>();
for (const name of await readdir(packagesFolder)) {
  const manifest = JSON.parse(await readFile(join(packagesFolder, name, "package.json"), "utf8")) as {
    readonly name: string;
    readonly layer: unknown;
    readonly exports: Readonly<Record<string, string | { readonly "@kinglet/source": string }>>;
  };
  if (typeof manifest.layer !== "number") continue;
  for (const [entry, target] of Object.entries(manifest.exports)) {
    if (typeof target === "string") continue;
    const file = join(packagesFolder, name, target["@kinglet/source"]);
    workspace.set(`${manifest.name}${entry.slice(1)}`, file);
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kinglet-purity-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ofSource(text: string): Promise<string> {
  const file = join(folder, "module.ts");
  await writeFile(file, text);
  return codeAtImport(file);
}

describe("codeAtImport", () => {
  it.each([...workspace])("finds nothing that runs when %s is imported", async (_name, entry) => {
    expect(await codeAtImport(entry, workspace)).toBe("");
  });

  it.each([
    ["a call", "const build = (): number => Date.now();\nexport const t = build();"],
    ["a static that is computed", "const build = (): number => Date.now();\nexport class C { static s = build(); }"],
    [
      "a call that is claimed to be pure",
      "const build = (): number => Date.now();\nexport const t = /* @__PURE__ */ build();",
    ],
    ["freezing", "export const t = Object.freeze({ a: 1 });"],
    ["an environment read", "export const home = process.env.HOME;"],
    ["a timer", "setInterval(() => {}, 1000);"],
    ["a patched prototype", "(Array.prototype as unknown as Record<string, unknown>).last = function () {};"],
  ])("finds %s", async (_what, text) => {
    expect(await ofSource(text)).not.toBe("");
  });

  it.each([
    [
      "literals and functions",
      "export const a = { b: [1, 'x'] };\nexport const f = () => a;\nexport function g() { return a; }",
    ],
    ["classes with literal statics", "export class C { static s = 1; x = 2; }"],
    [
      "collections of literals and symbols",
      "export const m = new Map([['a', 1]]);\nexport const s: unique symbol = Symbol();",
    ],
    ["imports of Node's modules", "import { readFile } from 'node:fs';\nexport const f = () => readFile;"],
  ])("lets %s pass", async (_what, text) => {
    expect(await ofSource(text)).toBe("");
  });
});
