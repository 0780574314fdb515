import { join } from "node:path";
import { checkBoundaries } from "./check-boundaries.ts";

/** Prints every broken boundary; exit 1 when there is one or when nothing was read. */
const { broken, filesRead } = await checkBoundaries(join(import.meta.dirname, "../../.."));
for (const { rule, from, to } of broken) process.stderr.write(`${rule}: ${from} -> ${to}\n`);
process.stdout.write(`boundaries: ${String(filesRead)} files, ${String(broken.length)} broken\n`);
process.exitCode = broken.length > 0 || filesRead === 0 ? 1 : 0;
