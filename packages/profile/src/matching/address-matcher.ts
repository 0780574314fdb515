import { parseAddress } from "./parse-address.ts";

/** Words of a range: base, mask, then 1 when it is of IPv4. */
const WORDS = 9;

/**
 * Says which entries of a list of addresses match an address.
 *
 * An entry is an address, a CIDR block (`0.0.0.0/0`, `::/0`) or `*` for any. Addresses are compared as numbers: `::FFFF:10.0.0.1`,
 * `::ffff:a00:1` and `10.0.0.1` are the same; a block of IPv6 never holds an IPv4 address. Entries that are none of these match
 * nothing; text that is no address is matched by nothing, not even by `*`.
 *
 * The list is kept, not copied, and must not change; nothing is computed before the first question.
 *
 * Cost of a question: no allocation; one pass over the text, then eight operations an entry until one matches. Memory: 36 bytes an
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
    const a = words[0]!;
    const b = words[1]!;
    const c = words[2]!;
    const d = words[3]!;
    const isIpv4 = a === 0 && b === 0 && c === 0xffff;
    for (let position = from, at = from * WORDS; position < this.#entries.length; position += 1, at += WORDS) {
      const kind = ranges[at + 8]!;
      // Bitwise results are signed, so differences are taken before the comparison with zero.
      if (
        (kind === ANY || (kind === IPV4) === isIpv4) &&
        kind !== NONE &&
        ((d ^ ranges[at + 3]!) & ranges[at + 7]!) === 0 &&
        ((c ^ ranges[at + 2]!) & ranges[at + 6]!) === 0 &&
        ((b ^ ranges[at + 1]!) & ranges[at + 5]!) === 0 &&
        ((a ^ ranges[at]!) & ranges[at + 4]!) === 0
      ) {
        return position;
      }
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

/** Kinds of a range; an entry that is unusable keeps the zero that it was born with. */
const NONE = 0;
const IPV4 = 1;
const IPV6 = 2;
const ANY = 3;

function compileEntry(entry: string, range: Uint32Array): void {
  if (entry === "*") {
    range[8] = ANY;
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
  for (let word = 0; word < 4; word += 1) {
    const inWord = Math.min(32, Math.max(0, bits - word * 32));
    const mask = inWord === 0 ? 0 : (0xffff_ffff << (32 - inWord)) >>> 0;
    range[4 + word] = mask;
    range[word] = range[word]! & mask;
  }
  // A block of IPv4-mapped addresses is one of IPv4 while it holds nothing else.
  range[8] = isMapped && bits >= 96 ? IPV4 : IPV6;
}
