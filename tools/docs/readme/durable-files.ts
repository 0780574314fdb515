import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratch = mkdtempSync(join(tmpdir(), "kinglet-readme-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));

export const folder: string = join(scratch, "records");
