import { Buffer } from "node:buffer";

/** Where a socket leads to. @internal */
export interface SocketAddress {
  /** IPv4 or IPv6 in canonical text; an IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`) as IPv4. */
  readonly address: string;
  readonly port: number;
}

const inet = 2;
const inet6 = 10;

/**
 * Decodes the `saddr` of a SOCKADDR record: a `struct sockaddr` in hexadecimal.
 *
 * @returns undefined for every family but IPv4 and IPv6, and for what is too short for its family.
 * @internal
 */
export function trySocketAddress(hex: string): SocketAddress | undefined {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length < 8) return undefined;
  // The family is in the machine's byte order, and all machines with audit tables here are little-endian.
  const family = bytes.readUInt16LE(0);
  const port = bytes.readUInt16BE(2);
  if (family === inet) return { address: ipv4(bytes, 4), port };
  if (family !== inet6 || bytes.length < 24) return undefined;
  return { address: ipv6(bytes, 8), port };
}

function ipv4(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** RFC 5952: lower case, the longest run of at least two zero groups as `::`, the first one of equals. */
function ipv6(bytes: Buffer, at: number): string {
  const groups: number[] = [];
  for (let group = 0; group < 8; group++) groups.push(bytes.readUInt16BE(at + group * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff) return ipv4(bytes, at + 12);
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) {
      bestStart = start;
      bestLength = length;
    }
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return bestStart < 0 ? text(0, 8) : `${text(0, bestStart)}::${text(bestStart + bestLength, 8)}`;
}
