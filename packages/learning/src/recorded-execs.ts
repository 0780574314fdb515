import type { ExecEvent } from "@kinglet/enrichment";
import type { ExecCall } from "@kinglet/profile";
import { isShortened, knownArguments } from "./known-arguments.ts";
import { ownText } from "./own-text.ts";
import type { DeltaLog } from "./profile-delta.ts";

const noTexts: readonly string[] = [];

interface RecordedExec {
  /** True when any arguments are allowed: nobody knew them, or they never were the same. */
  isAny: boolean;
  readonly lists: (readonly string[])[];
  /** What a source gave as one text, where that is what it gives. */
  readonly texts: Set<string>;
}

/**
 * Executions of one profile: path → distinct argument vectors.
 *
 * Once per event: an execution that is recorded already costs two look-ups and no allocation.
 *
 * @internal
 */
export class RecordedExecs {
  readonly #byPath: Map<string, RecordedExec> = new Map();
  readonly #maxLists: number;
  readonly #delta: DeltaLog;

  constructor(maxLists: number, delta: DeltaLog) {
    this.#maxLists = maxLists;
    this.#delta = delta;
  }

  get size(): number {
    return this.#byPath.size;
  }

  /** True when there is nothing to add. */
  has(event: ExecEvent): boolean {
    const known = this.#byPath.get(event.binary);
    if (known === undefined) return event.binary === "";
    if (known.isAny) return true;
    if (isShortened(event)) return hasList(known.lists, knownArguments(event));
    if (event.source === "tetragon") return known.texts.has(event.args);
    return hasList(known.lists, event.argv ?? noTexts);
  }

  /** @returns about how many bytes were added. */
  add(event: ExecEvent): number {
    const bytes = this.#add(event.binary, knownArguments(event));
    // Of what is shortened another text may stand for the same each time.
    if (event.source !== "tetragon" || isShortened(event)) return bytes;
    const known = this.#byPath.get(event.binary);
    if (known === undefined || known.isAny) return bytes;
    known.texts.add(ownText(event.args));
    return bytes + costOfText(event.args);
  }

  restore(exec: ExecCall): number {
    return this.#add(exec.path, exec.args);
  }

  list(): readonly ExecCall[] {
    const calls: ExecCall[] = [];
    for (const [path, { isAny, lists }] of this.#byPath) {
      for (const args of lists) calls.push(callOf(path, args));
      if (isAny) calls.push(callOf(path, noTexts));
    }
    return calls;
  }

  #add(path: string, argv: readonly string[]): number {
    let known = this.#byPath.get(path);
    let bytes = 0;
    if (known === undefined) {
      known = { isAny: false, lists: [], texts: new Set() };
      this.#byPath.set(ownText(path), known);
      bytes += path.length + 200;
    }
    if (known.isAny || hasList(known.lists, argv)) return bytes;
    const isAny = argv.length === 0 || known.lists.length >= this.#maxLists;
    if (isAny) {
      known.isAny = true;
      this.#delta.add("execs", callOf(path, noTexts));
      return bytes - dropLists(known);
    }
    const own = argv.map(ownText);
    known.lists.push(own);
    this.#delta.add("execs", callOf(path, own));
    return bytes + costOf(own);
  }
}

/** Any arguments say all that the lists say. @returns how many bytes were freed. */
function dropLists({ lists, texts }: RecordedExec): number {
  let freed = 0;
  for (const list of lists) freed += costOf(list);
  for (const text of texts) freed += costOfText(text);
  lists.length = 0;
  texts.clear();
  return freed;
}

function costOf(list: readonly string[]): number {
  return charsOf(list) + list.length * 24 + 40;
}

function costOfText(text: string): number {
  return text.length + 40;
}

function callOf(path: string, args: readonly string[]): ExecCall {
  return { path, args, envs: noTexts, argsRequired: false };
}

function charsOf(texts: readonly string[]): number {
  let chars = 0;
  for (const text of texts) chars += text.length;
  return chars;
}

function hasList(lists: readonly (readonly string[])[], argv: readonly string[]): boolean {
  for (const list of lists) {
    if (list.length !== argv.length) continue;
    let at = 0;
    while (at < list.length && list[at] === argv[at]) at += 1;
    if (at === list.length) return true;
  }
  return false;
}
