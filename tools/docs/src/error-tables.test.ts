import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { retiredCodes } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { errorTables, renderErrors } from "./error-tables.ts";

const root = join(import.meta.dirname, "../../..");

describe("docs/errors.md", () => {
  it("lists exactly the codes that the packages declare", async () => {
    const written = await readFile(join(root, "docs/errors.md"), "utf8");
    expect(written).toBe(renderErrors(await errorTables(root)));
  });
});

describe("errorTables", () => {
  it("finds codes named after their package, each declared once", async () => {
    const seen = new Set<string>();
    for (const { folder, table } of await errorTables(root)) {
      const prefix = `KINGLET_ERR_${basename(folder).replaceAll("-", "_").toUpperCase()}_`;
      for (const code of Object.keys(table)) {
        expect(code.startsWith(prefix), `${code} in ${folder}`).toBe(true);
        expect(seen.has(code), `${code} twice`).toBe(false);
        seen.add(code);
      }
    }
  });

  it("finds no code that a release had with another meaning", async () => {
    const declared = (await errorTables(root)).flatMap(({ table }) => Object.keys(table));
    expect(declared.filter((code) => retiredCodes.includes(code))).toEqual([]);
  });

  it("finds a way out for every code", async () => {
    for (const { table } of await errorTables(root)) {
      for (const [code, entry] of Object.entries(table)) expect(entry.remedy.length, code).toBeGreaterThan(10);
    }
  });
});
