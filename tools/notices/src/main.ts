import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "./generate.ts";

/** `pnpm notices`: writes THIRD-PARTY-NOTICES and sbom.spdx.json; needs a build first. */
const root = join(import.meta.dirname, "../../..");
const { notices, sbom } = await generate(root);
await writeFile(join(root, "THIRD-PARTY-NOTICES"), notices);
await writeFile(join(root, "sbom.spdx.json"), sbom);
