import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Asks the kernel to forget a file's cached pages, so that resident memory is measured as after a fresh start of the machine: a file that was
 * just written has all of its pages mapped in at the first touch of each.
 *
 * Best effort: where `dd` lacks the flag the figure is a little higher, and anonymous memory is not affected at all.
 */
export async function evictFromPageCache(path: string): Promise<void> {
  await run("sync", [path]).catch(() => undefined);
  await run("dd", [`if=${path}`, "iflag=nocache", "count=0"]).catch(() => undefined);
}
