import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const folder = join(import.meta.dirname, "../fixtures/recording");

/** The recorded export files, unpacked, oldest first; the last one is `tetragon.log`. */
export function recordedFiles(
  name: "export" | "export-rate-limited",
): { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(join(folder, name))
    .toSorted()
    .map((file) => ({ name: file.slice(0, -3), bytes: gunzipSync(readFileSync(join(folder, name, file))) }));
}

/** A container of the recording as the program saw it that started it. */
export interface RecordedContainer {
  readonly id: string;
  readonly name: string;
  readonly hostPid: number;
  /** Commands it says it ran, `STEP` and `BG` lines, except the ones that could not be executed. */
  readonly commands: readonly string[];
}

export function recordedContainers(): RecordedContainer[] {
  const logs = filesOfTar(gunzipSync(readFileSync(join(folder, "containers.tar.gz"))));
  const truth = gunzipSync(readFileSync(join(folder, "ground-truth.log.gz"))).toString("utf8");
  return [...truth.matchAll(/STARTED name=(\S+) id=(\w+) rc=0 hostpid=(\d+)/g)].map(([, name, id, pid]) => ({
    id: id!,
    name: name!,
    hostPid: Number(pid),
    commands: commandsOf(logs.get(`containers/${id}.log`)?.toString("utf8") ?? ""),
  }));
}

function commandsOf(log: string): string[] {
  const commands: string[] = [];
  for (const line of log.split("\n")) {
    const match = /^(?:STEP|BG) n=\d+ .*?(?:rc=(\d+) )?cmd=(.*)$/.exec(line);
    // A program that fails to execute makes no event.
    if (match !== null && match[1] !== "126" && match[1] !== "127") commands.push(match[2]!);
  }
  return commands;
}

/** Regular files of a tar archive: blocks of 512 bytes, a header with name and octal size before each file. */
function filesOfTar(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const text = (start: number, length: number): string =>
      tar.toString("latin1", at + start, at + start + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 12), 8);
    const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
    const name = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    if (text(156, 1) === "0" || text(156, 1) === "")
      files.set(name.replace(/^\.\//, ""), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
