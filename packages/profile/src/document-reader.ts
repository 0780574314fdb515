import { createError } from "@kinglet/errors";
import { profileErrors } from "./errors.ts";

/** Entries in all lists and records of one document together. */
const MAX_ENTRIES = 200_000;
/** Characters of one string: the longest argument list that the kernel passes as one string. */
const MAX_TEXT_LENGTH = 131_072;
const MAX_DEPTH = 256;
const MAX_PROBLEMS = 50;
/** Texts and lists that are remembered so that equal ones exist once: those that repeat do so soon, those of 20,000 executions never. */
const MAX_SHARED = 4_096;
const NO_TEXTS: readonly string[] = [];
const NO_OBJECTS: readonly never[] = [];
const NO_MEMBERS: Readonly<Record<string, never>> = {};

/** An object of unknown members. @internal */
export type UnknownRecord = Readonly<Record<string, unknown>>;

/**
 * Reads typed values out of an unknown document and collects what is wrong with it.
 *
 * `null` and absent are the same. A wrong value is noted with its path and replaced by the empty one, so that one pass finds every
 * problem. Equal lists of strings exist once per document (the flags of 2,000 opened files are a handful of lists), and so does
 * what is passed through `shareEqual`, unless 4,096 others came in between; empty lists and records exist once.
 *
 * @internal
 */
export class DocumentReader {
  readonly #kind: string;
  readonly #name: string;
  readonly #path: (string | number)[] = [];
  readonly #problems: string[] = [];
  readonly #lists = new Map<string, readonly string[]>();
  readonly #texts = new Map<string, string>();
  readonly #values = new Map<string, unknown>();
  #problemsTotal = 0;
  #entries = 0;

  /**
   * @param kind - what the document should be, e.g. `ContainerProfile`.
   * @param name - how errors name this one.
   */
  constructor(kind: string, name: string) {
    this.#kind = kind;
    this.#name = name;
  }

  /** Notes a problem at the current path. */
  problem(text: string): void {
    this.#problemsTotal += 1;
    if (this.#problems.length >= MAX_PROBLEMS) return;
    this.#problems.push(`${this.#pathText()}: ${text}`);
  }

  /** @throws `KINGLET_ERR_PROFILE_INVALID` when a problem was noted. */
  finish(): void {
    if (this.#problemsTotal === 0) return;
    const more = this.#problemsTotal - this.#problems.length;
    throw createError(profileErrors, "KINGLET_ERR_PROFILE_INVALID", {
      kind: this.#kind,
      name: this.#name,
      problems: this.#problems.join("; ") + (more === 0 ? "" : `; and ${more} more`),
      list: this.#problems,
    });
  }

  /** The object at `key`; an empty one when absent. */
  object(parent: UnknownRecord, key: string): UnknownRecord {
    return this.optionalObject(parent, key) ?? {};
  }

  optionalObject(parent: UnknownRecord, key: string): UnknownRecord | undefined {
    const value = parent[key];
    if (value === undefined || value === null) return undefined;
    if (isRecord(value)) return value;
    this.#mismatch(key, "an object", value);
    return undefined;
  }

  text(parent: UnknownRecord, key: string): string {
    const value = parent[key];
    if (value === undefined || value === null) return "";
    return this.#asText(value, key);
  }

  requiredText(parent: UnknownRecord, key: string): string {
    const value = parent[key];
    if (value === undefined || value === null || value === "") {
      this.at(key, () => this.problem("is required"));
      return "";
    }
    return this.#asText(value, key);
  }

  flag(parent: UnknownRecord, key: string): boolean {
    const value = parent[key];
    if (value === undefined || value === null) return false;
    if (typeof value === "boolean") return value;
    this.#mismatch(key, "true or false", value);
    return false;
  }

  /** A whole number from `min` to `max`; `undefined` when absent. */
  integer(parent: UnknownRecord, key: string, min: number, max: number): number | undefined {
    const value = parent[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    this.#mismatch(key, `a whole number from ${min} to ${max}`, value);
    return undefined;
  }

  /** A list whose items are objects, each given to `read` with the path set to it. */
  objects<T>(parent: UnknownRecord, key: string, read: (item: UnknownRecord) => T): readonly T[] {
    const items = this.#list(parent, key);
    if (items.length === 0) return NO_OBJECTS;
    const result: T[] = [];
    this.#path.push(key);
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      this.#path.push(index);
      if (isRecord(item)) result.push(read(item));
      else this.problem(`expected an object, got ${kindOf(item)}`);
      this.#path.pop();
    }
    this.#path.pop();
    // A list that grew keeps spare room for half as many items again; a copy does not.
    return result.slice();
  }

  texts(parent: UnknownRecord, key: string): readonly string[] {
    const items = this.#list(parent, key);
    if (items.length === 0) return NO_TEXTS;
    this.#path.push(key);
    const result = items.map((item, index) => this.#shareText(this.#asText(item, index)));
    this.#path.pop();
    const shareKey = result.join("\0");
    const shared = this.#lists.get(shareKey);
    // A string may hold NUL itself, so an equal key with another length is another list.
    if (shared !== undefined && shared.length === result.length) return shared;
    if (this.#lists.size >= MAX_SHARED) this.#lists.clear();
    this.#lists.set(shareKey, result);
    return result;
  }

  /** An object used as a map; `read` gets each value with the path set to it. */
  record<T>(parent: UnknownRecord, key: string, read: (value: unknown, key: string) => T): Readonly<Record<string, T>> {
    const members = Object.entries(this.object(parent, key));
    if (members.length === 0) return NO_MEMBERS;
    this.count(key, members.length);
    this.#path.push(key);
    // fromEntries defines members, so a member called __proto__ stays a member.
    const result = Object.fromEntries(members.map(([name, value]) => [name, this.at(name, () => read(value, name))]));
    this.#path.pop();
    return result;
  }

  textRecord(parent: UnknownRecord, key: string): Readonly<Record<string, string>> {
    return this.record(parent, key, (value) => this.asText(value));
  }

  /** An equal value that was passed before, or this one. For small values that repeat: costs their JSON. */
  shareEqual<T>(value: T): T {
    const key = JSON.stringify(value);
    const shared = this.#values.get(key);
    if (shared !== undefined) return shared as T;
    if (this.#values.size >= MAX_SHARED) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }

  /** The value at the current path as text. */
  asText(value: unknown): string {
    if (typeof value !== "string") {
      this.problem(`expected text, got ${kindOf(value)}`);
      return "";
    }
    if (value.length > MAX_TEXT_LENGTH) {
      this.problem(`has ${value.length} characters, at most ${MAX_TEXT_LENGTH} are read`);
      return "";
    }
    return value;
  }

  /** Runs `read` with the path one step deeper. */
  at<T>(step: string | number, read: () => T): T {
    this.#path.push(step);
    if (this.#path.length > MAX_DEPTH) this.#tooLarge("its nesting", this.#path.length, MAX_DEPTH);
    const result = read();
    this.#path.pop();
    return result;
  }

  #asText(value: unknown, step: string | number): string {
    if (typeof value === "string" && value.length <= MAX_TEXT_LENGTH) return value;
    return this.at(step, () => this.asText(value));
  }

  #shareText(text: string): string {
    const shared = this.#texts.get(text);
    if (shared !== undefined) return shared;
    if (this.#texts.size >= MAX_SHARED) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  #list(parent: UnknownRecord, key: string): readonly unknown[] {
    const value = parent[key];
    if (value === undefined || value === null) return NO_TEXTS;
    if (!Array.isArray(value)) {
      this.#mismatch(key, "a list", value);
      return NO_TEXTS;
    }
    this.count(key, value.length);
    if (this.#path.length > MAX_DEPTH) this.#tooLarge("its nesting", this.#path.length, MAX_DEPTH);
    return value as readonly unknown[];
  }

  /** Counts entries that somebody else reads. @throws `KINGLET_ERR_PROFILE_TOO_LARGE`. */
  count(key: string, entries: number): void {
    this.#entries += entries;
    if (this.#entries > MAX_ENTRIES) this.#tooLarge(`the document up to ${key}`, this.#entries, MAX_ENTRIES);
  }

  #tooLarge(what: string, actual: number, limit: number): never {
    throw createError(profileErrors, "KINGLET_ERR_PROFILE_TOO_LARGE", { name: this.#name, what, actual, limit });
  }

  #mismatch(key: string, expected: string, value: unknown): void {
    this.at(key, () => this.problem(`expected ${expected}, got ${kindOf(value)}`));
  }

  #pathText(): string {
    let text = "";
    for (const step of this.#path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
    return text === "" ? "document" : text;
  }
}

/** True for objects that are not lists. @internal */
export function isRecord(value: unknown): value is UnknownRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return value.length <= 40 ? JSON.stringify(value) : "text";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : typeof value;
}
