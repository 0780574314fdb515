// Hot path of a body's frame: once per byte between the items. The items themselves pass through `JsonValue`.
import type { Buffer } from "node:buffer";
import { JsonValue, type JsonValueLimits } from "./json-value.ts";

/** Settings of a {@link JsonListSplitter}. @internal */
export interface JsonListOptions {
  /** Name of the member that holds the list. */
  readonly listMember: string;
  /** Bounds of one item. */
  readonly limits: JsonValueLimits;
  /** A member of the frame beside the list, as parsed; at most 64 KiB of text. @returns why the body is refused, or undefined. */
  readonly onMember: (name: string, value: unknown) => string | undefined;
  /** An item, as text that has not been parsed. @returns why the body is refused, or undefined to go on. */
  readonly onItem: (text: string) => string | undefined;
  /** An item beyond its bounds, which was passed over. */
  readonly onPassedOver: (reason: "too-large" | "too-deep") => void;
}

type Expected =
  | "object"
  | "name-or-end"
  | "name"
  | "colon"
  | "value"
  | "inside-name"
  | "inside-value"
  | "comma-or-end"
  | "item-or-end"
  | "item"
  | "inside-item"
  | "item-comma-or-end"
  | "nothing";

const maxMemberBytes = 65_536;
const maxNameBytes = 1024;
const maxMembers = 64;

/**
 * Takes the JSON of an object apart while it comes in, and hands out the items of one list in it one after another.
 *
 * Memory: one item, whatever the length of the body. Guarantees: what it accepts `JSON.parse` accepts, with the same items in the same order, but for
 * members that were left out of an item and items beyond their bounds, which are checked for their brackets only; the frame is checked
 * strictly, and may not name a member twice. Items are handed out before the end of the body is known to be right.
 *
 * @internal
 */
export class JsonListSplitter {
  readonly #options: JsonListOptions;
  readonly #item: JsonValue;
  readonly #member: JsonValue;
  readonly #names: Set<string> = new Set();
  #expected: Expected = "object";
  #name = "";
  #problem: string | undefined;

  constructor(options: JsonListOptions) {
    this.#options = options;
    this.#item = new JsonValue(options.limits);
    this.#member = new JsonValue({
      maxBytes: maxMemberBytes,
      maxDepth: options.limits.maxDepth,
      optionalMembers: noMembers,
    });
  }

  /** Bytes held at the moment. */
  get heldBytes(): number {
    return this.#item.heldBytes + this.#member.heldBytes;
  }

  /** Takes the next bytes. @returns why the body is refused, the same for ever, or undefined. */
  push(bytes: Buffer): string | undefined {
    let at = 0;
    while (at < bytes.length && this.#problem === undefined) {
      switch (this.#expected) {
        case "inside-item":
          at = this.#insideItem(bytes, at);
          break;
        case "inside-name":
        case "inside-value":
          at = this.#member.push(bytes, at, bytes.length);
          if (this.#member.isComplete) this.#endMemberValue();
          break;
        default: {
          const byte = bytes[at]!; // at < length
          // Values begin with this byte; everything else is over with it.
          if (isSpace(byte) || !this.#isValueAt(byte)) at += 1;
        }
      }
    }
    return this.#problem;
  }

  /** The body is over. @returns why it is refused, or undefined. */
  end(): string | undefined {
    if (this.#problem === undefined && this.#expected !== "nothing") this.#problem = "the body ends too early";
    return this.#problem;
  }

  /**
   * No more of the body is read. An item of which nothing but what may be left out, and what is behind it, is missing is handed out.
   *
   * @returns why the body is refused, or undefined.
   */
  cut(): string | undefined {
    const text = this.#expected === "inside-item" ? this.#item.cutText() : undefined;
    if (this.#problem === undefined && text !== undefined) this.#problem = this.#options.onItem(text);
    return this.#problem;
  }

  #insideItem(bytes: Buffer, from: number): number {
    const at = this.#item.push(bytes, from, bytes.length);
    if (!this.#item.isComplete) return at;
    this.#expected = "item-comma-or-end";
    if (this.#item.outcome === "whole") this.#problem = this.#options.onItem(this.#item.text());
    else this.#options.onPassedOver(this.#item.outcome);
    return at;
  }

  /** Handles a byte of the frame. @returns true when a value begins with it. */
  #isValueAt(byte: number): boolean {
    switch (this.#expected) {
      case "object":
        return this.#require(byte === 0x7b, "name-or-end");
      case "name-or-end":
        if (byte === 0x7d) return this.#require(true, "nothing");
        return this.#beginName(byte);
      case "name":
        return this.#beginName(byte);
      case "colon":
        return this.#require(byte === 0x3a, "value");
      case "value":
        if (this.#name === this.#options.listMember && byte === 0x5b) return this.#require(true, "item-or-end");
        return this.#begin(this.#member, "inside-value");
      case "comma-or-end":
        if (byte === 0x7d) return this.#require(true, "nothing");
        return this.#require(byte === 0x2c, "name");
      case "item-or-end":
        if (byte === 0x5d) return this.#require(true, "comma-or-end");
        return this.#begin(this.#item, "inside-item");
      case "item":
        return this.#begin(this.#item, "inside-item");
      case "item-comma-or-end":
        if (byte === 0x5d) return this.#require(true, "comma-or-end");
        return this.#require(byte === 0x2c, "item");
      default:
        return this.#require(false, "nothing");
    }
  }

  #require(isRight: boolean, next: Expected): false {
    if (isRight) this.#expected = next;
    else this.#problem = "the body is not JSON";
    return false;
  }

  #begin(value: JsonValue, next: Expected): true {
    value.reset();
    this.#expected = next;
    return true;
  }

  #beginName(byte: number): boolean {
    return byte === 0x22 ? this.#begin(this.#member, "inside-name") : this.#require(false, "nothing");
  }

  #endMemberValue(): void {
    const { outcome } = this.#member;
    const text = outcome === "whole" ? this.#member.text() : "";
    let value: unknown;
    try {
      value = outcome === "whole" ? (JSON.parse(text) as unknown) : undefined;
    } catch {
      // What is wrong with it is the sender's to find out.
      this.#problem = "the body is not JSON";
      return;
    }
    if (this.#expected === "inside-name") {
      const isUsable = typeof value === "string" && text.length <= maxNameBytes && this.#names.size < maxMembers;
      if (!isUsable || this.#names.has(value as string)) {
        this.#problem = isUsable
          ? `the body names ${text} twice`
          : "the body has a name or a number of members that is too large";
        return;
      }
      this.#name = value as string;
      this.#names.add(this.#name);
      this.#expected = "colon";
      return;
    }
    this.#expected = "comma-or-end";
    if (outcome !== "whole")
      this.#problem = `${JSON.stringify(this.#name)} is ${outcome === "too-deep" ? "too deep" : "too large"}`;
    else if (this.#name === this.#options.listMember && value !== null)
      this.#problem = `${JSON.stringify(this.#name)} is not a list`;
    else this.#problem = this.#options.onMember(this.#name, value);
  }
}

const noMembers: ReadonlyMap<string, number> = new Map<string, number>([]);

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
