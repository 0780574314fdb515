import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate } from "../src/generate.ts";

const root = join(import.meta.dirname, "../../..");
const isPinned = process.platform === "linux" && process.arch === "x64";
const title = isPinned ? "generated notices" : "generated notices [skipped: they name the Node binary of linux-x64]";

describe.skipIf(!isPinned)(title, () => {
  it("are what the bundle and the lock file say", async () => {
    const { notices, sbom } = await generate(root);
    expect(await readFile(join(root, "THIRD-PARTY-NOTICES"), "utf8")).toBe(notices);
    expect(await readFile(join(root, "sbom.spdx.json"), "utf8")).toBe(sbom);
  });

  it("name each component's pinned digest", async () => {
    const document = JSON.parse((await generate(root)).sbom) as {
      readonly packages: readonly {
        readonly name: string;
        readonly checksums?: readonly { readonly checksumValue: string }[];
      }[];
    };
    for (const { name, checksums } of document.packages.filter((row) => row.name !== "kinglet")) {
      expect(checksums?.[0]?.checksumValue, name).toMatch(/^[0-9a-f]{128}$/);
    }
  });
});
