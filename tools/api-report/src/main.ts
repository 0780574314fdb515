import { join } from "node:path";
import { buildDeclarations } from "./build-declarations.ts";
import { staleReports } from "./stale-reports.ts";

/** `pnpm api-report`: writes `packages/NAME/etc/NAME.api.md`, and `NAME.ENTRY.api.md` for each sub-path of its exports. With `--check` it writes nothing and exits 1 when one is out of date. */
const root = join(import.meta.dirname, "../../..");
const isCheck = process.argv.includes("--check");
await buildDeclarations(root);
const { stale, problems } = await staleReports(root, { write: !isCheck });
for (const problem of problems) process.stderr.write(`${problem}\n`);
for (const path of stale) process.stdout.write(`${isCheck ? "out of date" : "written"}: ${path}\n`);
process.exitCode = problems.length > 0 || (isCheck && stale.length > 0) ? 1 : 0;
