import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Json } from "./event-codec.ts";

/** The real recording that the repository carries (Tetragon v1.7.0, see its ORIGIN.md). */
export const recordedExport: string = join(
  import.meta.dirname,
  "../../../packages/runtime-events/fixtures/recording/export",
);

/**
 * Reads events from export files (NDJSON, also gzip) and folders of them, in order of their names.
 *
 * Lines that are no JSON object (blank, cut) are left out, as the agent never sent them.
 */
export function readRecording(paths: readonly string[]): Json[] {
  return paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => /\.(?:log|jsonl)(?:\.gz)?$/.test(name))
          .toSorted()
          .flatMap((name) => readFile(join(path, name)))
      : readFile(path),
  );
}

function readFile(path: string): Json[] {
  const bytes = path.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path);
  const events: Json[] = [];
  for (const line of bytes.toString("utf8").split("\n")) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) events.push(value as Json);
    } catch {
      // Cut by a rotation or a crash.
    }
  }
  return events;
}
