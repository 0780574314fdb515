const DOT_CODE = 46;
const COLON_CODE = 58;
/** Longest text of an address: IPv6 with an IPv4 tail. */
const MAX_LENGTH = 45;

/**
 * Reads an IP address into four 32-bit words, IPv4 as the IPv4-mapped IPv6 address that is the same.
 *
 * Strict: no leading zeros in IPv4 (some read them as octal), no zone, no brackets, no spaces.
 *
 * @param end - where the address ends in `text`.
 * @param words - four words, overwritten; undefined content when the answer is false.
 * @returns false when it is no address. No allocation.
 *
 * @internal
 */
export function parseAddress(text: string, end: number, words: Uint32Array): boolean {
  if (end === 0 || end > MAX_LENGTH) return false;
  for (let at = 0; at < end; at += 1) {
    if (text.charCodeAt(at) === COLON_CODE) return parseIpv6(text, end, words);
  }
  words[0] = words[1] = 0;
  words[2] = 0xffff;
  return parseIpv4(text, 0, end, words);
}

/** Writes the fourth word. */
function parseIpv4(text: string, start: number, end: number, words: Uint32Array): boolean {
  let value = 0;
  let octets = 0;
  let at = start;
  while (octets < 4) {
    let octet = 0;
    const first = at;
    while (at < end && text.charCodeAt(at) !== DOT_CODE) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9 || at - first === 3) return false;
      octet = octet * 10 + digit;
      at += 1;
    }
    const length = at - first;
    if (length === 0 || octet > 255 || (length > 1 && text.charCodeAt(first) === 48)) return false;
    value = value * 256 + octet;
    octets += 1;
    if (octets < 4 && at === end) return false;
    at += 1;
  }
  words[3] = value;
  return at === end + 1;
}

function parseIpv6(text: string, end: number, words: Uint32Array): boolean {
  words.fill(0);
  let groups = 0;
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  } else if (text.charCodeAt(0) === COLON_CODE) return false;
  while (at < end) {
    if (groups === 8) return false;
    const first = at;
    let group = 0;
    while (at < end && text.charCodeAt(at) !== COLON_CODE && text.charCodeAt(at) !== DOT_CODE) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit === -1 || at - first === 4) return false;
      group = group * 16 + digit;
      at += 1;
    }
    if (at < end && text.charCodeAt(at) === DOT_CODE) {
      // The last 32 bits as IPv4: they must be the last two of eight groups.
      if (groups > 6 || (gap === -1 && groups !== 6) || !parseIpv4(text, first, end, words)) return false;
      groups += 2;
      const tail = words[3]!;
      words[3] = 0;
      setGroup(words, groups - 2, tail >>> 16);
      setGroup(words, groups - 1, tail & 0xffff);
      break;
    }
    if (at === first) return false;
    setGroup(words, groups, group);
    groups += 1;
    if (at === end) break;
    at += 1;
    if (at === end) return false;
    if (text.charCodeAt(at) === COLON_CODE) {
      if (gap !== -1) return false;
      gap = groups;
      at += 1;
    }
  }
  if (gap === -1) return groups === 8;
  if (groups === 8) return false;
  moveTail(words, gap, groups);
  return true;
}

/** Moves the groups behind the gap to the end. */
function moveTail(words: Uint32Array, gap: number, groups: number): void {
  const shift = 8 - groups;
  for (let group = groups - 1; group >= gap; group -= 1) {
    const value = groupOf(words, group);
    setGroup(words, group, 0);
    setGroup(words, group + shift, value);
  }
}

function groupOf(words: Uint32Array, group: number): number {
  return (words[group >> 1]! >>> ((group & 1) === 0 ? 16 : 0)) & 0xffff;
}

function setGroup(words: Uint32Array, group: number, value: number): void {
  const shift = (group & 1) === 0 ? 16 : 0;
  words[group >> 1] = (words[group >> 1]! & ~(0xffff << shift)) | (value << shift);
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
