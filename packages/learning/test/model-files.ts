import { basename, dirname } from "node:path";
import type { JournalFiles } from "../src/journal-files.ts";

/** One step that reached the file system's memory; a power failure may forget it until a sync says otherwise. */
type Step =
  | { readonly kind: "append"; readonly file: number; readonly bytes: Buffer }
  | { readonly kind: "create"; readonly name: string; readonly file: number }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly name: string }
  | { readonly kind: "file-synced"; readonly file: number }
  | { readonly kind: "directory-synced" };

interface State {
  readonly names: ReadonlyMap<string, number>;
  readonly contents: ReadonlyMap<number, Buffer>;
}

/**
 * One directory in memory that records every step, so that a test can look at each state that a power failure could leave behind.
 *
 * The rules are those of fsync and no kinder: what was appended is safe once its file was synced, a name once the directory was. What is
 * not safe may be there or not, bytes also in part; names in the order of their steps, cut off anywhere.
 */
export class ModelFiles {
  readonly steps: Step[] = [];
  readonly files: JournalFiles;
  /** Makes the next calls fail, e.g. `append`. */
  failing: "append" | "sync" | "create" | "rename" | undefined;
  readonly #names: Map<string, number>;
  readonly #contents: Map<number, Buffer>;
  readonly #safe: State;
  #count = 0;

  constructor(safe: State = { names: new Map(), contents: new Map() }) {
    this.#safe = safe;
    this.#names = new Map(safe.names);
    this.#contents = new Map(safe.contents);
    for (const file of safe.contents.keys()) this.#count = Math.max(this.#count, file);
    this.files = this.#create();
  }

  get names(): readonly string[] {
    return [...this.#names.keys()].toSorted();
  }

  /** What a file holds; for damaging it. */
  content(name: string): Buffer {
    return this.#contents.get(this.#names.get(name) ?? -1) ?? Buffer.alloc(0);
  }

  replace(name: string, bytes: Buffer): void {
    this.#contents.set(this.#names.get(name) ?? -1, bytes);
  }

  /** As a process finds it that begins after this one was killed: everything that was done is there. */
  afterKill(): ModelFiles {
    return new ModelFiles({ names: new Map(this.#names), contents: new Map(this.#contents) });
  }

  /** Each directory that a power failure after so many steps could leave. */
  *afterPowerFailure(steps: number): Generator<ModelFiles> {
    const done = this.steps.slice(0, steps);
    const safeNames = done.findLastIndex((step) => step.kind === "directory-synced");
    for (let cut = safeNames + 1; cut <= done.length; cut += 1) {
      const names = new Map(this.#safe.names);
      for (const step of done.slice(0, cut)) applyName(names, step);
      for (const share of [0, 0.5, 1])
        yield new ModelFiles({ names, contents: contentsAfter(this.#safe, done, share) });
    }
  }

  #do(step: Step): void {
    this.steps.push(step);
    applyName(this.#names, step);
    if (step.kind === "append") {
      this.#contents.set(step.file, Buffer.concat([this.#contents.get(step.file) ?? Buffer.alloc(0), step.bytes]));
    }
  }

  #check(what: ModelFiles["failing"]): void {
    if (this.failing === what) throw Object.assign(new Error(`no space for ${what}`), { code: "ENOSPC" });
  }

  #create(): JournalFiles {
    const find = (path: string): number => {
      const file = this.#names.get(basename(path));
      if (file === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
      return file;
    };
    return {
      createDirectory: async () => {},
      // A process that was killed holds nothing, and here only one at a time is not.
      lock: async () => ({ [Symbol.asyncDispose]: async () => {} }),
      names: async () => this.names,
      read: async (path, onChunk) => {
        const bytes = this.#contents.get(find(path)) ?? Buffer.alloc(0);
        // Chunks that cut lines and characters.
        const size = bytes.length < 20_000 ? 7 : 997;
        for (let at = 0; at < bytes.length; at += size) onChunk(bytes.subarray(at, at + size));
      },
      create: async (path) => {
        this.#check("create");
        const file = (this.#count += 1);
        this.#contents.set(file, Buffer.alloc(0));
        this.#do({ kind: "create", name: basename(path), file });
        return {
          append: async (bytes) => {
            // A full disk takes a part.
            if (this.failing === "append")
              this.#do({ kind: "append", file, bytes: Buffer.from(bytes.subarray(0, 20)) });
            this.#check("append");
            this.#do({ kind: "append", file, bytes: Buffer.from(bytes) });
          },
          sync: async () => {
            this.#check("sync");
            this.#do({ kind: "file-synced", file });
          },
          close: async () => {},
        };
      },
      rename: async (from, to) => {
        this.#check("rename");
        find(from);
        if (dirname(from) !== dirname(to)) throw new Error("one directory only");
        this.#do({ kind: "rename", from: basename(from), to: basename(to) });
      },
      unlink: async (path) => {
        find(path);
        this.#do({ kind: "unlink", name: basename(path) });
      },
      syncDirectory: async () => this.#do({ kind: "directory-synced" }),
    };
  }
}

function applyName(names: Map<string, number>, step: Step): void {
  if (step.kind === "create") names.set(step.name, step.file);
  if (step.kind === "unlink") names.delete(step.name);
  if (step.kind !== "rename") return;
  const file = names.get(step.from);
  if (file === undefined) return;
  names.delete(step.from);
  names.set(step.to, file);
}

/** What is safe, and of each append that is not, this share of its bytes. */
function contentsAfter(safe: State, steps: readonly Step[], share: number): Map<number, Buffer> {
  const contents = new Map(safe.contents);
  for (const [at, step] of steps.entries()) {
    if (step.kind === "create") contents.set(step.file, Buffer.alloc(0));
    if (step.kind !== "append") continue;
    const isSafe = steps.slice(at).some((later) => later.kind === "file-synced" && later.file === step.file);
    const bytes = isSafe ? step.bytes : step.bytes.subarray(0, Math.floor(step.bytes.length * share));
    contents.set(step.file, Buffer.concat([contents.get(step.file) ?? Buffer.alloc(0), bytes]));
  }
  return contents;
}
