/** Writes the definitions of `deploy/crds`; with `--check` it only says whether they are what it would write. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { definitionFiles } from "./definition.ts";
import { renderFile } from "./render-file.ts";

const folder = join(import.meta.dirname, "../../../deploy/crds");
const isCheck = process.argv.includes("--check");
for (const file of definitionFiles()) {
  const path = join(folder, file.name);
  const text = renderFile(file);
  if (!isCheck) {
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    process.stderr.write(`${file.name} is not what tools/crd-generator makes: run it without --check\n`);
    process.exitCode = 1;
  }
}
