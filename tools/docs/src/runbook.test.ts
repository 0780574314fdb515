import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const metricName = /\b(?:kinglet|process)_[a-z_]+[a-z]\b/g;

/** The names of all metrics that the product defines, from its sources. */
async function definedMetrics(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const parent of ["apps/kinglet/src", ...(await productFolders())]) {
    for (const file of await readdir(join(root, parent), { recursive: true })) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
      const text = await readFile(join(root, parent, file), "utf8");
      for (const [, name = ""] of text.matchAll(/\bname: "((?:kinglet|process)_[a-z_]+)"/g)) names.add(name);
    }
  }
  return names;
}

async function productFolders(): Promise<readonly string[]> {
  const names = await readdir(join(root, "packages"));
  return names.filter((name) => name !== "testing" && name !== "kube-sim").map((name) => `packages/${name}/src`);
}

describe("docs/runbook.md", () => {
  it("explains each metric of the product, and no other", async () => {
    const written = await readFile(join(root, "docs/runbook.md"), "utf8");
    const explained = new Set(written.match(metricName));
    expect([...explained].toSorted()).toEqual([...(await definedMetrics())].toSorted());
  });
});
