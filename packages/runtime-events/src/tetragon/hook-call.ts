import type { EventOriginInit } from "@kinglet/enrichment";
import { isObject, numberOf, objectOf, textOf, type JsonObject } from "../json-object.ts";
import { tidyPath } from "../tidy-path.ts";

/**
 * One call of a hooked function: whose it was, and what the policy had Tetragon write down of its arguments.
 *
 * Tetragon does not say which argument is which, only of which type each is, in the order of the policy. So an argument is found by
 * its label, which our own policies give where a type alone is not enough, else by its type and place.
 *
 * @internal
 */
export class HookCall {
  readonly origin: EventOriginInit;
  /** Function, or event of a tracepoint, without the machine's prefix. */
  readonly name: string;
  readonly #args: readonly JsonObject[];
  readonly #returned: JsonObject | undefined;
  readonly #process: JsonObject | undefined;

  constructor(origin: EventOriginInit, name: string, body: JsonObject) {
    this.origin = origin;
    this.name = name;
    const args = body["args"];
    this.#args = Array.isArray(args) ? args.filter(isObject) : [];
    this.#returned = objectOf(body, "return");
    this.#process = objectOf(body, "process");
  }

  /**
   * A path of the call as an absolute one. One that is relative counts from the directory in which the program was started: nobody reports where
   * the process is by now, nor folders that are given by descriptor.
   */
  absolute(path: string): string {
    const cwd = path.startsWith("/") || this.#process === undefined ? "" : textOf(this.#process, "cwd");
    return tidyPath(cwd.startsWith("/") ? `${cwd}/${path}` : path);
  }

  /** True when the function is known to have refused: a negative number, or for a security hook any but 0. */
  get hasFailed(): boolean {
    const value = this.#returned === undefined ? undefined : integerIn(this.#returned);
    if (value === undefined) return this.#returned?.["error_arg"] !== undefined;
    return value < 0 || (value !== 0 && this.name.startsWith("security_"));
  }

  /** The first argument of this type, e.g. `file_arg`; failing that, the returned value of this type. */
  object(member: string): JsonObject | undefined {
    for (const arg of this.#args) {
      const value = arg[member];
      if (isObject(value)) return value;
    }
    return this.#returned === undefined ? undefined : objectOf(this.#returned, member);
  }

  /** The text of the argument with this place among the texts, 0, 1, ...; empty when there is none. */
  text(place: number): string {
    let seen = 0;
    for (const arg of this.#args) {
      const value = arg["string_arg"];
      if (typeof value !== "string") continue;
      // The policy's kernel types may bring the closing zero along.
      if (seen === place) return value.replace(/\0+$/, "");
      seen += 1;
    }
    return "";
  }

  /** The number with this label, else the one with this place among the numbers, unless that has another label. */
  integer(label: string, place: number): number | undefined {
    let seen = 0;
    let placed: number | undefined;
    for (const arg of this.#args) {
      const value = integerIn(arg);
      if (value === undefined) continue;
      const own = textOf(arg, "label");
      if (own === label) return value;
      if (seen === place && own === "") placed = value;
      seen += 1;
    }
    return placed;
  }

  /** The enumeration member of the first argument of this type, by name. */
  word(member: string): string {
    for (const arg of this.#args) {
      const value = arg[member];
      if (typeof value === "string") return value;
    }
    return "";
  }
}

/** A number of any of Tetragon's integer types; 64-bit ones come as text. */
function integerIn(arg: JsonObject): number | undefined {
  const small = numberOf(arg, "int_arg", Number.NaN);
  if (!Number.isNaN(small)) return small;
  const unsigned = numberOf(arg, "uint_arg", Number.NaN);
  if (!Number.isNaN(unsigned)) return unsigned;
  const large = arg["long_arg"] ?? arg["size_arg"];
  if (typeof large !== "string" && typeof large !== "number") return undefined;
  const value = Number(large);
  return Number.isSafeInteger(value) ? value : undefined;
}
