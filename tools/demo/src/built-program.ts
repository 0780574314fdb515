import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createError } from "@kinglet/errors";
import { demoErrors } from "./errors.ts";

/** The built program: what to start, and what comes before its arguments. @internal */
export interface BuiltProgram {
  /** The executable or the bundle. */
  readonly path: string;
  /** Runs `path`, or a link to it: empty for the executable, Node for the bundle. */
  readonly runner: readonly string[];
}

const folder = join(import.meta.dirname, "../../../apps/kinglet/dist");

/** Finds the single executable, else the bundle. @throws KINGLET_ERR_DEMO_NOT_BUILT. @internal */
export function findProgram(): BuiltProgram {
  const executable = join(folder, "kinglet");
  if (existsSync(executable)) return { path: executable, runner: [] };
  const bundle = join(folder, "kinglet.cjs");
  if (existsSync(bundle)) return { path: bundle, runner: [process.execPath] };
  throw createError(demoErrors, "KINGLET_ERR_DEMO_NOT_BUILT", { folder });
}

/**
 * Lets the program make its links.
 *
 * @returns the path of the link `sensor`.
 * @throws KINGLET_ERR_DEMO_INSTALL.
 *
 * @internal
 */
export async function installLinks(program: BuiltProgram, target: string, signal: AbortSignal): Promise<string> {
  const [command, ...args] = [...program.runner, program.path, "--install", target];
  try {
    await promisify(execFile)(command, args, { signal, env: { PATH: process.env["PATH"] } });
  } catch (error) {
    signal.throwIfAborted();
    const reason = (error as { readonly stderr?: string }).stderr?.trim() || String(error);
    throw createError(
      demoErrors,
      "KINGLET_ERR_DEMO_INSTALL",
      { program: command, folder: target, reason },
      { cause: error },
    );
  }
  return join(target, "sensor");
}
