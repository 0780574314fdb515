import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes a folder that is gone when this process is, whichever way it ends short of being killed.
 *
 * @param stack - removes it.
 * @returns its path.
 *
 * @internal
 */
export function openTempFolder(stack: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "kinglet-demo-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on("exit", remove);
  stack.defer(() => {
    process.off("exit", remove);
    remove();
  });
  return folder;
}
