const PATTERN = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
/** Amounts are counted in billionths, the finest step that a quantity has. */
const SCALE = 9;

/** An amount in billionths of the unit; undefined when the text is no quantity. Fractions below are rounded up, away from zero. */
export function parseQuantity(text: unknown): bigint | undefined {
  if (typeof text !== "string" && typeof text !== "number") return undefined;
  const match = PATTERN.exec(String(text));
  if (match === null) return undefined;
  const [, sign = "", digits = "", suffix = ""] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  let value = BigInt(`${whole}${fraction}` === "" ? "0" : `${whole}${fraction}`);
  let exponent = SCALE - fraction.length;
  if (suffix in BINARY) value <<= BigInt(BINARY[suffix] ?? 0);
  else if (/^[eE][+-]?\d/.test(suffix)) exponent += Number(suffix.slice(1));
  else exponent += DECIMAL[suffix] ?? 0;
  if (exponent >= 0) value *= 10n ** BigInt(exponent);
  else {
    const divisor = 10n ** BigInt(-exponent);
    value = (value + divisor - 1n) / divisor;
  }
  return sign === "-" ? -value : value;
}

/** Negative, zero or positive: a compared with b. Unreadable quantities count as 0. */
export function compareQuantities(a: unknown, b: unknown): number {
  const left = parseQuantity(a) ?? 0n;
  const right = parseQuantity(b) ?? 0n;
  return left < right ? -1 : left > right ? 1 : 0;
}
