import { parseAddress } from "./parse-address.ts";

/** Words of a range: four of the base, then its kind and, above eight bits, how many bits of the base count. */
const WORDS = 5;

/**
 * Says which entries of a list of addresses match an address.
 *
 * An entry is an address, a CIDR block (`0.0.0.0/0`, `::/0`) or `*` for any. Addresses are compared as numbers: `::FFFF:10.0.0.1`,
 * `::ffff:a00:1` and `10.0.0.1` are the same; a block of IPv6 never holds an IPv4 address. Entries that are none of these match
 * nothing; text that is no address is matched by nothing, not even by `*`.
 *
 * The list is kept, not copied, and must not change; nothing is computed before the first question.
 *
 * Cost of a question: no allocation; one pass over the text, then a few operations an entry until one matches. Memory: 20 bytes an
 * entry.
 *
 * @see reference: kubescape/storage, `pkg/registry/file/networkmatch/match_ip.go`
 *
 * @public
 */
export class AddressMatcher {
  readonly #entries: readonly string[];
  readonly #address: Uint32Array = new Uint32Array(4);
  #ranges: Uint32Array | undefined = undefined;

  constructor(entries: readonly string[]) {
    this.#entries = entries;
  }

  /** True when an entry matches. */
  matches(address: string): boolean {
    return this.nextMatch(address, 0) !== -1;
  }

  /** Position of the first entry at or after `from` that matches; -1 when there is none. */
  nextMatch(address: string, from: number): number {
    const words = this.#address;
    if (!parseAddress(address, address.length, words)) return -1;
    const ranges = (this.#ranges ??= this.#compile());
    const kind = words[0] === 0 && words[1] === 0 && words[2] === 0xffff ? IPV4 : IPV6;
    // The first three words of IPv4 addresses are the same.
    const first = kind === IPV4 ? 3 : 0;
    for (let position = from, at = from * WORDS; position < this.#entries.length; position += 1, at += WORDS) {
      const head = ranges[at + 4]!;
      if (head === ANY || ((head & 0xff) === kind && hasPrefix(words, ranges, at, first, (head >>> 8) - first * 32)))
        return position;
    }
    return -1;
  }

  #compile(): Uint32Array {
    const ranges = new Uint32Array(this.#entries.length * WORDS);
    for (let position = 0; position < this.#entries.length; position += 1) {
      compileEntry(this.#entries[position]!, ranges.subarray(position * WORDS, (position + 1) * WORDS));
    }
    return ranges;
  }
}

/** Kinds of a range; an entry that is unusable keeps the zero that it was born with, which is none. */
const IPV4 = 1;
const IPV6 = 2;
const ANY = 3;

function compileEntry(entry: string, range: Uint32Array): void {
  if (entry === "*") {
    range[4] = ANY;
    return;
  }
  const slash = entry.indexOf("/");
  const end = slash === -1 ? entry.length : slash;
  if (!parseAddress(entry, end, range.subarray(0, 4))) return;
  const isText6 = entry.slice(0, end).includes(":");
  const isMapped = range[0] === 0 && range[1] === 0 && range[2] === 0xffff;
  let bits = 128;
  if (slash !== -1) {
    const given = entry.slice(slash + 1);
    const limit = isText6 ? 128 : 32;
    if (!/^(0|[1-9]\d{0,2})$/.test(given) || Number(given) > limit) return;
    bits = Number(given) + 128 - limit;
  }
  // A block of IPv4-mapped addresses is one of IPv4 while it holds nothing else.
  range[4] = (isMapped && bits >= 96 ? IPV4 : IPV6) | (bits << 8);
}

function hasPrefix(words: Uint32Array, ranges: Uint32Array, at: number, first: number, bits: number): boolean {
  let word = first;
  let left = bits;
  for (; left >= 32; left -= 32, word += 1) {
    if (words[word] !== ranges[at + word]) return false;
  }
  return left === 0 || (words[word]! ^ ranges[at + word]!) >>> (32 - left) === 0;
}
