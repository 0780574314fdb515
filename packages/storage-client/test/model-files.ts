import type { FileHandle } from "node:fs/promises";
import { basename, dirname } from "node:path";

import type { FileOperations } from "../src/file-operations.ts";

/** What a name of a directory leads to: a file by number, or a directory. */
type Entry = number | "directory";
type Entries = ReadonlyMap<string, ReadonlyMap<string, Entry>>;

/** One step that reached the file system's memory; a power failure may forget it until a sync says otherwise. */
type Step =
  | { readonly kind: "content"; readonly file: number; readonly bytes: Buffer }
  | {
      readonly kind: "entry";
      readonly directory: string;
      readonly removed?: string;
      readonly added?: readonly [name: string, entry: Entry];
    }
  | { readonly kind: "file-synced"; readonly file: number }
  | { readonly kind: "directory-synced"; readonly directory: string };

/**
 * A file system in memory that records every step, so that a test can look at each state that a power failure could leave behind.
 *
 * The rules are those of fsync and no kinder: the content of a file is safe once that file was synced, a name once its directory was
 * synced, each whatever else happened and in any order. What is not safe may be there or not, one by one; content may also be there in
 * part or as zeros. Only a rename is one step. A process that dies loses nothing: its steps are in the kernel's memory.
 */
export class ModelFiles {
  /** Steps since the state it was made from, which is safe. */
  readonly steps: Step[] = [];
  readonly operations: FileOperations;
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #contents = new Map<number, Buffer>();
  readonly #safe: { readonly entries: Entries; readonly contents: ReadonlyMap<number, Buffer> };
  #files = 0;

  /** @param root - the one directory that is there already. */
  constructor(root: string, safe?: { readonly entries: Entries; readonly contents: ReadonlyMap<number, Buffer> }) {
    this.#safe = safe ?? { entries: new Map([[root, new Map()]]), contents: new Map() };
    for (const [directory, names] of this.#safe.entries) this.#entries.set(directory, new Map(names));
    for (const [file, bytes] of this.#safe.contents) {
      this.#contents.set(file, bytes);
      this.#files = Math.max(this.#files, file);
    }
    this.operations = this.#createOperations();
  }

  /** Each file system that a power failure after so many steps could leave. */
  *afterPowerFailure(steps: number = this.steps.length): Generator<ModelFiles> {
    const [root = ""] = this.#safe.entries.keys();
    const done = this.steps.slice(0, steps);
    for (const entries of possibleEntries(this.#safe.entries, done)) {
      for (const contents of possibleContents(this.#safe.contents, done)) {
        yield new ModelFiles(root, { entries, contents });
      }
    }
  }

  #do(step: Step): void {
    this.steps.push(step);
    if (step.kind === "content") this.#contents.set(step.file, step.bytes);
    if (step.kind === "entry") applyEntry(this.#entries, step);
  }

  #entry(path: string): Entry | undefined {
    if (this.#entries.has(path)) return "directory";
    return this.#entries.get(dirname(path))?.get(basename(path));
  }

  #createOperations(): FileOperations {
    const handles = new Map<FileHandle, number>();
    const open = (file: number): FileHandle => {
      const handle = {
        stat: async () => ({ isFile: () => true, size: this.#contents.get(file)?.length ?? 0 }),
        read: async (buffer: Buffer, offset: number, length: number, position: number) => ({
          bytesRead: this.#contents.get(file)?.copy(buffer, offset, position, position + length) ?? 0,
        }),
        close: async () => {},
      } as unknown as FileHandle;
      handles.set(handle, file);
      return handle;
    };
    const fileOf = (handle: FileHandle): number => handles.get(handle) ?? 0;
    return {
      openForReading: async (path) => {
        const entry = this.#entry(path);
        if (typeof entry !== "number") throw missing(path);
        return open(entry);
      },
      openForWriting: async (path) => {
        const known = this.#entry(path);
        const file = typeof known === "number" ? known : (this.#files += 1);
        if (known === undefined) {
          this.#do({ kind: "entry", directory: dirname(path), added: [basename(path), file] });
        }
        this.#do({ kind: "content", file, bytes: Buffer.alloc(0) });
        return open(file);
      },
      write: async (handle, bytes) => this.#do({ kind: "content", file: fileOf(handle), bytes: Buffer.from(bytes) }),
      sync: async (handle) => this.#do({ kind: "file-synced", file: fileOf(handle) }),
      rename: async (from, to) => {
        const entry = this.#entry(from);
        if (entry === undefined) throw missing(from);
        const step = { removed: basename(from), added: [basename(to), entry] } as const;
        this.#do({ kind: "entry", directory: dirname(from), ...step });
      },
      unlink: async (path) => {
        if (this.#entry(path) === undefined) throw missing(path);
        this.#do({ kind: "entry", directory: dirname(path), removed: basename(path) });
      },
      createDirectory: async (path) => {
        if (this.#entry(path) !== undefined) return false;
        this.#do({ kind: "entry", directory: dirname(path), added: [basename(path), "directory"] });
        return true;
      },
      syncDirectory: async (directory) => this.#do({ kind: "directory-synced", directory }),
      isDirectory: async (path) => {
        const entry = this.#entry(path);
        if (entry === undefined) throw missing(path);
        return entry === "directory";
      },
      names: (path) => asyncList([...(this.#entries.get(path)?.keys() ?? [])]),
      signature: async (path) => String(this.#entry(path)),
      watch: () => () => {},
    };
  }
}

async function* asyncList<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

function applyEntry(entries: Map<string, Map<string, Entry>>, step: Extract<Step, { readonly kind: "entry" }>): void {
  const names = entries.get(step.directory) ?? new Map<string, Entry>();
  entries.set(step.directory, names);
  if (step.removed !== undefined) names.delete(step.removed);
  if (step.added === undefined) return;
  names.set(...step.added);
  const path = `${step.directory}/${step.added[0]}`;
  if (step.added[1] === "directory" && !entries.has(path)) entries.set(path, new Map());
}

/** Every choice among the names that no sync of their directory has made safe. */
function* possibleEntries(safe: Entries, steps: readonly Step[]): Generator<Entries> {
  const changes: { readonly step: Extract<Step, { readonly kind: "entry" }>; isSafe: boolean }[] = [];
  for (const step of steps) {
    if (step.kind === "entry") changes.push({ step, isSafe: false });
    if (step.kind !== "directory-synced") continue;
    for (const change of changes) if (change.step.directory === step.directory) change.isSafe = true;
  }
  const open = changes.filter((change) => !change.isSafe);
  for (let choice = 0; choice < 2 ** open.length; choice += 1) {
    const entries = new Map([...safe].map(([directory, names]) => [directory, new Map(names)]));
    for (const { step, isSafe } of changes) {
      const at = open.findIndex((change) => change.step === step);
      if (isSafe || (choice >> at) & 1) applyEntry(entries, step);
    }
    yield reachable(entries);
  }
}

/** Without what lies in a directory whose own name was lost. */
function reachable(entries: ReadonlyMap<string, Map<string, Entry>>): Entries {
  const [root = ""] = entries.keys();
  const isThere = (directory: string): boolean =>
    directory === root ||
    (isThere(dirname(directory)) && entries.get(dirname(directory))?.get(basename(directory)) === "directory");
  return new Map([...entries].filter(([directory]) => isThere(directory)));
}

/** Every choice among the contents that no sync of their file has made safe. */
function* possibleContents(
  safe: ReadonlyMap<number, Buffer>,
  steps: readonly Step[],
): Generator<ReadonlyMap<number, Buffer>> {
  const choices = new Map([...safe].map(([file, bytes]) => [file, [bytes]]));
  const latest = new Map(safe);
  for (const step of steps) {
    if (step.kind === "content") {
      latest.set(step.file, step.bytes);
      const { length } = step.bytes;
      const known = choices.get(step.file) ?? [Buffer.alloc(0)];
      choices.set(step.file, [...known, step.bytes, step.bytes.subarray(0, length >> 1), Buffer.alloc(length)]);
    } else if (step.kind === "file-synced") choices.set(step.file, [latest.get(step.file) ?? Buffer.alloc(0)]);
  }
  yield* combinations([...choices], new Map());
}

function* combinations(
  choices: readonly (readonly [number, readonly Buffer[]])[],
  chosen: ReadonlyMap<number, Buffer>,
): Generator<ReadonlyMap<number, Buffer>> {
  const [first, ...rest] = choices;
  if (first === undefined) {
    yield chosen;
    return;
  }
  for (const bytes of first[1]) yield* combinations(rest, new Map([...chosen, [first[0], bytes]]));
}

function missing(path: string): Error {
  return Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
}
