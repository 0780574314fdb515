import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { sleep } from "@kinglet/lifecycle";
import type { PlayStep } from "./play-plan.ts";

/** @internal */
export interface PlayOptions {
  /** The export file; its folder exists. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly plan: readonly PlayStep[];
  /** How long writing takes, milliseconds; restarts come on top. */
  readonly durationMs: number;
  /** Called between two lines with the number of lines that are in the file; writing goes on when it resolves. */
  readonly onRestart: (containerId: string, writtenLines: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Writing goes in bursts this far apart, milliseconds. */
const burstMs = 50;

/**
 * Writes a recording into an export file as Tetragon does, live: appending, and rotating by renaming to `tetragon-TIME.log`.
 *
 * @throws the reason of the signal.
 *
 * @internal
 */
export async function playRecording(options: PlayOptions): Promise<void> {
  const { path, lines, plan, durationMs, signal } = options;
  const perBurst = Math.max(1, Math.ceil((lines.length * burstMs) / durationMs));
  const file = new ExportFileWriter(path);
  let written = 0;
  let dueAt = performance.now();
  try {
    for (const step of plan) {
      if (step.kind === "restart") {
        await options.onRestart(step.containerId, written);
        dueAt = performance.now();
      } else if (step.kind === "rotate") file.rotate();
      else if (step.kind === "rotate-inside") {
        file.rotateInside(lines[step.line] ?? "");
        written = step.line + 1;
      } else {
        while (written < step.to) {
          const end = Math.min(step.to, written + perBurst);
          file.write(
            lines
              .slice(written, end)
              .map((line) => `${line}\n`)
              .join(""),
          );
          dueAt += (burstMs * (end - written)) / perBurst;
          written = end;
          await sleep(Math.max(0, dueAt - performance.now()), { signal });
        }
      }
    }
  } finally {
    file.close();
  }
}

class ExportFileWriter {
  readonly #path: string;
  #descriptor: number;
  #rotations = 0;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, "a", 0o600);
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at);
  }

  rotate(): void {
    this.#rename();
    this.#reopen();
  }

  /** The rest of the line still goes to the file that was renamed: whoever reads by name alone loses it. */
  rotateInside(line: string): void {
    const half = Math.floor(line.length / 2);
    this.write(line.slice(0, half));
    this.#rename();
    this.write(`${line.slice(half)}\n`);
    this.#reopen();
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #rename(): void {
    this.#rotations += 1;
    // As Tetragon names them; one per second of an invented clock, so that names never collide and sort by age.
    const time = new Date(Date.UTC(2026, 10, 20, 21, 50, this.#rotations))
      .toISOString()
      .replaceAll(":", "-")
      .slice(0, -1);
    renameSync(this.#path, join(dirname(this.#path), `tetragon-${time}.log`));
  }

  #reopen(): void {
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, "a", 0o600);
  }
}
