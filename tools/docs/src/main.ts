import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorTables, renderErrors } from "./error-tables.ts";
import { renderPolicies } from "./policies-document.ts";

/** `pnpm docs:errors`: writes docs/errors.md, and the tables in docs/policies.md. */
const root = join(import.meta.dirname, "../../..");
await writeFile(join(root, "docs/errors.md"), renderErrors(await errorTables(root)));
const policies = join(root, "docs/policies.md");
await writeFile(policies, renderPolicies(await readFile(policies, "utf8"), root));
