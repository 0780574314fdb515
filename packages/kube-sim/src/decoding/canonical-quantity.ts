const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;
const BINARY: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const NANO = 9;

/**
 * A quantity as the API writes it: the largest suffix that keeps the number whole, in the family (decimal, binary, exponent)
 * that it was written in; below one billionth rounded up.
 *
 * @returns undefined when the text is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  const parts = QUANTITY.exec(text.trim());
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = parts;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(`${whole}${fraction}` || "0");
  const binary = BINARY.indexOf(suffix);
  const isExponent = /^[eE][+-]?\d+$/.test(suffix);
  const power = (isExponent ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0)) - fraction.length;
  let nano = scaled(digits * (binary > 0 ? 1024n ** BigInt(binary) : 1n), power + NANO);
  if (sign === "-") nano = -nano;
  if (nano === 0n) return "0";
  const isWhole = nano % 10n ** BigInt(NANO) === 0n;
  if (binary > 0 && isWhole) {
    const value = nano / 10n ** BigInt(NANO);
    if (absolute(value) >= 1024n) return withBinarySuffix(value);
  }
  return withDecimalSuffix(nano, isExponent);
}

function withBinarySuffix(value: bigint): string {
  let [left, step] = [value, 0];
  while (step < BINARY.length - 1 && left % 1024n === 0n) [left, step] = [left / 1024n, step + 1];
  return `${left}${BINARY[step]}`;
}

function withDecimalSuffix(nano: bigint, isExponent: boolean): string {
  let [left, power] = [nano, -NANO];
  while (left % 1000n === 0n && power < 18) [left, power] = [left / 1000n, power + 3];
  if (isExponent) return power === 0 ? String(left) : `${left}e${power}`;
  const suffix = Object.keys(DECIMAL).find((name) => DECIMAL[name] === power) ?? "";
  return `${left}${suffix}`;
}

/** digits × 10^power, rounded away from zero. */
function scaled(digits: bigint, power: number): bigint {
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
