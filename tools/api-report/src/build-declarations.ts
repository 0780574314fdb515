import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * Brings the declarations in every `packages/NAME/dist` up to date (`tsc -b`).
 *
 * @throws Error with the compiler's output when it finds errors.
 */
export function buildDeclarations(root: string): void {
  const result = spawnSync(join(root, "node_modules/.bin/tsc"), ["-b"], { cwd: root, encoding: "utf8" });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`tsc -b: ${result.stdout}${result.stderr}`);
}
