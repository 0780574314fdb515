import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** A folder in which a test plays Tetragon's exporter. */
export class ExportFolder implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "kinglet-export-"));
  readonly path: string = join(this.folder, "tetragon.log");
  readonly checkpointPath: string = join(this.folder, "checkpoint.json");
  #rotations = 0;

  write(...lines: readonly (string | Buffer)[]): void {
    appendFileSync(
      this.path,
      Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from("\n")]))),
    );
  }

  writePart(text: string): void {
    appendFileSync(this.path, text);
  }

  /** Renames the file as lumberjack does; a new one comes with the next write. */
  rotate(options: { readonly gzip?: boolean } = {}): string {
    this.#rotations += 1;
    const time = new Date(Date.UTC(2026, 0, 1) + this.#rotations * 1001)
      .toISOString()
      .slice(0, -1)
      .replaceAll(":", "-");
    const target = join(this.folder, `tetragon-${time}.log`);
    renameSync(this.path, target);
    if (options.gzip !== true) return target;
    writeFileSync(`${target}.gz`, gzipSync(readFileSync(target)));
    rmSync(target);
    return `${target}.gz`;
  }

  copyTruncate(): void {
    truncateSync(this.path, 0);
  }

  get size(): number {
    return statSync(this.path).size;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An execution whose id is `e<n>`. */
export function execLine(n: number, extra: Readonly<Record<string, unknown>> = {}): string {
  const process = {
    exec_id: `e${n}`,
    pid: n,
    uid: 0,
    binary: "/bin/true",
    arguments: String(n),
    flags: "execve clone",
    docker: "c".repeat(31),
  };
  return JSON.stringify({
    process_exec: { process: { ...process, ...extra }, parent: { exec_id: "p", pid: 1, binary: "/bin/sh" } },
    node_name: "node-1",
    time: "2026-01-01T00:00:00.000000001Z",
  });
}
