import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What `pnpm build` leaves. */
export const bundlePath: string = join(import.meta.dirname, "../../dist/kinglet.cjs");

/** The bundle of one applet, which the program loads. */
export const appletBundlePath = (applet: string): string => join(bundlePath, `../kinglet.${applet}.cjs`);

/** The single executable; made on Linux with the pinned Node only. */
export const executablePath: string = join(import.meta.dirname, "../../dist/kinglet");

/** Why the executable's tests cannot run here; undefined when they can. */
export const executableSkip: string | undefined = existsSync(executablePath)
  ? undefined
  : "the single executable is made on Linux with Node 26 only";

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never rejects for an exit code. */
export function runToEnd(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly timeoutMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const settings = { env: options.env ?? process.env, cwd: options.cwd, timeout: options.timeoutMs ?? 30_000 };
    execFile(program, args, settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, stdout, stderr });
      else reject(error ?? new Error("ended without an exit code"));
    });
  });
}
