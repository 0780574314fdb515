import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { boundaryRules } from "./boundary-rules.ts";
import { checkBoundaries } from "./check-boundaries.ts";
import { plantedViolations, type PlantedViolation } from "./planted-violations.ts";

const planted: string[] = [];

async function plant({ files, packages }: Omit<PlantedViolation, "rule">): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "kinglet-boundaries-"));
  planted.push(root);
  const all: Record<string, string> = {
    ...files,
    "tsconfig.base.json": '{ "compilerOptions": { "module": "nodenext" } }',
  };
  for (const [name, facts] of Object.entries(packages)) all[`packages/${name}/package.json`] = JSON.stringify(facts);
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

afterEach(async () => {
  for (const root of planted.splice(0)) await rm(root, { recursive: true, force: true });
});

describe("checkBoundaries", () => {
  it.each(plantedViolations.map((violation, index) => [violation.rule, index] as const))(
    "fires %s on planted violation %i and nothing else",
    async (rule, index) => {
      const violation = plantedViolations[index] as PlantedViolation;
      const { broken } = await checkBoundaries(await plant(violation));
      expect(new Set(broken.map((row) => row.rule))).toEqual(new Set([rule]));
    },
  );

  it("has a planted violation for every rule", () => {
    const packages = [
      { name: "a", layer: 0, sameLayer: [], entries: ["src/index.ts"] },
      { name: "b", layer: 0, sameLayer: [], entries: ["src/index.ts"] },
      { name: "c", layer: 1, sameLayer: [], entries: ["src/index.ts"] },
    ] as const;
    const rules = new Set(boundaryRules(packages).map((rule) => rule.name));
    expect(new Set(plantedViolations.map((violation) => violation.rule))).toEqual(rules);
  });

  it("reads TypeScript files: a reader that skips them would report no violation", async () => {
    const root = await plant({
      packages: {},
      files: { "packages/.keep": "", "apps/kinglet/src/a.ts": "export const a = 1;\n" },
    });
    await rm(join(root, "packages/.keep"));
    expect(await checkBoundaries(root)).toEqual({ broken: [], filesRead: 1 });
  });

  it("refuses a package without a layer, naming the file", async () => {
    const root = await plant({ packages: {}, files: { "packages/x/package.json": "{}" } });
    await expect(checkBoundaries(root)).rejects.toThrow(/packages\/x\/package\.json: "layer" must be/);
  });
});
