import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorTables, renderErrors } from "./error-tables.ts";

/** `pnpm docs:errors`: writes docs/errors.md. */
const root = join(import.meta.dirname, "../../..");
await writeFile(join(root, "docs/errors.md"), renderErrors(await errorTables(root)));
