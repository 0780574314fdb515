import { access, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");

const ownPages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "docs/architecture.md",
  "docs/admission.md",
  "docs/policies.md",
  "docs/runbook.md",
  "apps/kinglet/README.md",
  "apps/kinglet/src/applets/admission-controller/README.md",
  "apps/kinglet/src/applets/heap/README.md",
  "apps/kinglet/src/applets/policy/README.md",
  "apps/kinglet/src/applets/sensor/README.md",
];

interface Manifest {
  readonly layer: number | "outside";
  readonly description: string;
  readonly sameLayer?: readonly string[];
}

describe("docs/architecture.md", () => {
  it("shows the packages with the layer, the neighbours and the purpose that their manifests state", async () => {
    const names = (await readdir(join(root, "packages"))).sort();
    const rows = await Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(root, "packages", name, "package.json"), "utf8");
        return { name, manifest: JSON.parse(text) as Manifest };
      }),
    );
    const expected = rows
      .sort((a, b) => order(a.manifest) - order(b.manifest))
      .map(({ name, manifest }) => {
        const neighbours = (manifest.sameLayer ?? []).map((other) => `\`${other}\``).join(", ");
        const link = `[\`${name}\`](../packages/${name}/README.md)`;
        return `| ${String(manifest.layer)} | ${link} | ${manifest.description} | ${neighbours} |`;
      });
    const written = await readFile(join(root, "docs/architecture.md"), "utf8");
    expect(written.split("\n").filter((line) => /^\| (?:\d|outside) \| \[/.test(line))).toEqual(expected);
  });
});

describe("README.md", () => {
  it("names every package once in its table", async () => {
    const written = await readFile(join(root, "README.md"), "utf8");
    const named = Array.from(written.matchAll(/^\| \[`([a-z-]+)`\]\(packages\//gm), ([, name = ""]) => name);
    expect(named.toSorted()).toEqual((await readdir(join(root, "packages"))).toSorted());
  });

  it("is short, and shows code early", async () => {
    const lines = (await readFile(join(root, "README.md"), "utf8")).split("\n");
    expect(lines.length).toBeLessThanOrEqual(180);
    expect(lines.findIndex((line) => line.startsWith("```"))).toBeLessThan(20);
  });
});

describe("docs", () => {
  it("lead to files that exist", async () => {
    const decisions = (await readdir(join(root, "docs/adr"))).map((name) => `docs/adr/${name}`);
    const packages = (await readdir(join(root, "packages"))).map((name) => `packages/${name}/README.md`);
    const tools = (await readdir(join(root, "tools"))).map((name) => `tools/${name}/README.md`);
    const pages = [...ownPages, ...decisions, ...packages, ...tools];
    for (const page of pages) {
      const written = await readFile(join(root, page), "utf8");
      for (const [, target = ""] of written.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const path = join(root, page, "..", target);
        await expect(access(path), `${page}: ${target}`).resolves.toBeUndefined();
      }
    }
  });
});

function order({ layer }: Manifest): number {
  return layer === "outside" ? 4 : layer;
}
