import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { EmulatorCounts } from "./tetragon-emulator.ts";

/** An emulated agent in a process of its own. */
export interface SpawnedEmulator extends AsyncDisposable {
  readonly address: string;
  /** Empty when it serves none. */
  readonly metricsUrl: string;
  /** Ends it. @returns what it counted. */
  stop(): Promise<EmulatorCounts>;
}

/**
 * Starts the program with these arguments (see its `--help`) and waits until it is ready: for measurements, which must not share a thread with what
 * they measure.
 *
 * @throws an Error with what the program complains about.
 */
export async function spawnTetragonEmulator(args: readonly string[]): Promise<SpawnedEmulator> {
  const program = ["--conditions=@kinglet/source", join(import.meta.dirname, "main.ts")];
  const child = spawn(process.execPath, [...program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const lines: string[] = [];
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const reader = createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await Promise.race([once(reader, "line"), ended]);
  if (lines[0] === undefined) throw new Error(complaint.trim());
  const ready = JSON.parse(lines[0]) as { readonly address: string; readonly metrics: string };
  const stop = async (): Promise<EmulatorCounts> => {
    child.kill("SIGTERM");
    await ended;
    return JSON.parse(lines.at(-1)!) as EmulatorCounts;
  };
  return {
    address: ready.address,
    metricsUrl: ready.metrics,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
