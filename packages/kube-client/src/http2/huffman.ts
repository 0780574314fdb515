/** Length of the code of each byte value 0–255, one base-36 digit each. @see RFC 7541, appendix B */
const CODE_LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq";

const LONGEST = 30;

interface CodeTable {
  /** Byte values ordered by code. */
  readonly symbols: Uint8Array;
  /** For each length: its first code, how many codes it has, and where they begin in `symbols`. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly start: Int32Array;
}

let codes: CodeTable | undefined;

function table(): CodeTable {
  codes ??= buildTable();
  return codes;
}

/** The code is canonical: codes of one length follow each other in the order of the byte values, so lengths say everything. */
function buildTable(): CodeTable {
  const symbols = new Uint8Array(256);
  const first = new Int32Array(LONGEST + 1);
  const count = new Int32Array(LONGEST + 1);
  const start = new Int32Array(LONGEST + 1);
  let code = 0;
  let at = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code <<= 1;
    first[length] = code;
    start[length] = at;
    for (let symbol = 0; symbol < 256; symbol++) {
      if (Number.parseInt(CODE_LENGTHS[symbol]!, 36) === length) symbols[at++] = symbol;
    }
    count[length] = at - start[length]!;
    code += count[length]!;
  }
  return { symbols, first, count, start };
}

/** Decodes a Huffman-coded header string, bytes as Latin-1. @returns undefined when it is not one. */
export function tryDecodeHuffman(bytes: Uint8Array): string | undefined {
  const { symbols, first, count, start } = table();
  // The shortest code has 5 bits.
  const out = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let length = 0;
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      bits++;
      const index = code - first[bits]!;
      if (index >= 0 && index < count[bits]!) {
        out[length++] = symbols[start[bits]! + index]!;
        code = 0;
        bits = 0;
      } else if (bits === LONGEST) {
        return undefined;
      }
    }
  }
  // What is left must be the beginning of the end symbol, which is all ones, and less than a byte of it.
  if (bits > 7 || code !== (1 << bits) - 1) return undefined;
  return out.toString("latin1", 0, length);
}
