import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildDeclarations } from "../src/build-declarations.ts";
import { expectedFiles } from "../src/expected-files.ts";
import { publicPackages } from "../src/public-packages.ts";

const root = join(import.meta.dirname, "../../..");

interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

describe("pnpm pack", () => {
  const packed = new Map<string, readonly string[]>();
  beforeAll(async () => {
    await buildDeclarations(root);
    const { packageManager } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      packageManager: string;
    };
    const args = ["--yes", packageManager, "--filter", "./packages/*", "pack", "--dry-run", "--json"];
    const { status, stdout, stderr } = spawnSync("npx", args, { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`npx ${args.join(" ")}: ${stdout}${stderr}`);
    for (const { name, files } of JSON.parse(stdout) as readonly Packed[]) {
      packed.set(name, files.map((file) => file.path).sort());
    }
  });

  it("puts into each public package its code, declarations, manifest, README and licence: no tests, no fixtures", async () => {
    for (const name of await publicPackages(root)) {
      expect(packed.get(`@kinglet/${name}`), name).toEqual(await expectedFiles(join(root, "packages", name)));
    }
  });
});
