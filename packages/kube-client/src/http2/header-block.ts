import { tryDecodeHuffman } from "./huffman.ts";

const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// oxlint-disable-next-line no-control-regex -- what a value must not hold; as node:http
const BAD_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Names 1–61 of the static table; a value follows `=`. @see RFC 7541, appendix A */
const STATIC_TABLE =
  ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate";

let entries: readonly string[] | undefined;

/** Split when the first answer arrives. */
function table(): readonly string[] {
  entries ??= STATIC_TABLE.split("|");
  return entries;
}

/**
 * Encodes the headers of a request. Nothing is put into the dynamic table and nothing is compressed: a request is one small packet
 * either way, and neither side has to keep a table. Credentials are marked as never to be stored by anybody on the way.
 *
 * @returns undefined when a name or value holds what HTTP does not allow: cut to bytes, a character beyond Latin-1 would be another one, and a user another user.
 */
export function tryEncodeHeaders(headers: Iterable<readonly [name: string, value: string]>): Buffer | undefined {
  const parts: number[] = [];
  const pieces: Buffer[] = [];
  const flush = (): void => {
    pieces.push(Buffer.from(parts));
    parts.length = 0;
  };
  const text = (value: string): void => {
    const bytes = Buffer.from(value, "latin1");
    encodeInteger(parts, 0, 7, bytes.length);
    flush();
    pieces.push(bytes);
  };
  for (const [name, value] of headers) {
    if (!NAME.test(name) || BAD_IN_VALUE.test(value)) return undefined;
    // 0x10: literal, never indexed; 0x00: literal, not indexed.
    parts.push(name === "authorization" ? 0x10 : 0x00);
    text(name);
    text(value);
  }
  flush();
  return Buffer.concat(pieces);
}

/**
 * Decodes a complete block of response headers. Repeated names are joined by `", "`, except `set-cookie` and `warning`, which become lists.
 *
 * @returns undefined when the block is broken, or refers to a dynamic table, which was not offered to the server.
 */
export function tryDecodeHeaders(block: Uint8Array): Record<string, string | string[]> | undefined {
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  const reader = new BlockReader(block);
  while (reader.isMore) {
    const first = block[reader.offset]!;
    // A change of the table's size: only to none at all.
    if ((first & 0xe0) === 0x20) {
      if (reader.integer(5) !== 0) return undefined;
      continue;
    }
    const isIndexed = (first & 0x80) !== 0;
    const index = reader.integer(isIndexed ? 7 : (first & 0xc0) === 0x40 ? 6 : 4);
    if (index === undefined || index > 61) return undefined;
    const entry = index === 0 ? undefined : table()[index - 1]!;
    const equals = entry?.indexOf("=") ?? -1;
    let name: string | undefined = equals < 0 ? entry : entry?.slice(0, equals);
    let value: string | undefined = equals < 0 ? "" : entry?.slice(equals + 1);
    if (isIndexed && entry === undefined) return undefined;
    if (!isIndexed) {
      name ??= reader.text();
      value = reader.text();
    }
    if (name === undefined || value === undefined) return undefined;
    add(headers, name, value);
  }
  return headers;
}

function add(headers: Record<string, string | string[]>, name: string, value: string): void {
  const before = headers[name];
  if (before === undefined) headers[name] = name === "set-cookie" || name === "warning" ? [value] : value;
  else if (typeof before === "string") headers[name] = `${before}, ${value}`;
  else before.push(value);
}

function encodeInteger(out: number[], flags: number, prefixBits: number, value: number): void {
  const limit = (1 << prefixBits) - 1;
  if (value < limit) {
    out.push(flags | value);
    return;
  }
  out.push(flags | limit);
  let rest = value - limit;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

class BlockReader {
  offset = 0;
  readonly #block: Uint8Array;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get isMore(): boolean {
    return this.offset < this.#block.length;
  }

  integer(prefixBits: number): number | undefined {
    const limit = (1 << prefixBits) - 1;
    let value = (this.#block[this.offset++] ?? 0) & limit;
    if (value < limit) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#block[this.offset++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  text(): string | undefined {
    const isHuffman = ((this.#block[this.offset] ?? 0) & 0x80) !== 0;
    const length = this.integer(7);
    if (length === undefined || this.offset + length > this.#block.length) return undefined;
    const bytes = this.#block.subarray(this.offset, this.offset + length);
    this.offset += length;
    return isHuffman
      ? tryDecodeHuffman(bytes)
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }
}
