import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** A container of the recording: what the one who drove it called it, and its id. @internal */
export interface RecordedContainer {
  readonly name: string;
  /** 64 hex digits. */
  readonly id: string;
}

/** The recorded export files as one stream. @internal */
export interface Recording {
  /** In the order in which Tetragon wrote them, without line ends. */
  readonly lines: readonly string[];
  /** Index of the first line of each file after the first: where Tetragon rotated. */
  readonly rotations: readonly number[];
  /** In the order in which they were created; one that was started again is there once per id. */
  readonly containers: readonly RecordedContainer[];
}

const folder = join(import.meta.dirname, "../../../packages/runtime-events/fixtures/recording");

/** Reads the recording, about 10,700 lines and 31 MB. @internal */
export function readRecording(): Recording {
  // The rotated files carry their time in the name; the one without a time is the last.
  const files = readdirSync(join(folder, "export")).filter((name) => name.endsWith(".gz"));
  const ordered = [...files.filter((name) => name.startsWith("tetragon-")).sort(), "tetragon.log.gz"];
  const lines: string[] = [];
  const rotations: number[] = [];
  for (const name of ordered) {
    if (lines.length > 0) rotations.push(lines.length);
    for (const line of unpack(join(folder, "export", name)).split("\n")) if (line !== "") lines.push(line);
  }
  return { lines, rotations, containers: parseContainers(unpack(join(folder, "ground-truth.log.gz"))) };
}

/** Takes the containers out of the log of what was done. */
function parseContainers(groundTruth: string): RecordedContainer[] {
  return Array.from(groundTruth.matchAll(/ CREATE name=(\S+) id=([0-9a-f]{64}) /g), ([, name = "", id = ""]) => ({
    name,
    id,
  }));
}

function unpack(path: string): string {
  return gunzipSync(readFileSync(path)).toString("utf8");
}
