/** Factors from larger to smaller, so that formatting takes the largest that divides. */
const durationUnits: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

const byteUnits: readonly (readonly [string, number])[] = [
  ["Ti", 1_099_511_627_776],
  ["Gi", 1_073_741_824],
  ["Mi", 1_048_576],
  ["Ki", 1_024],
  ["T", 1e12],
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
  ["B", 1],
];

/**
 * Milliseconds of a duration like `30s`, `1h30m`, `1.5s`, `250ms`; a bare number counts milliseconds.
 *
 * @returns undefined when the text is none.
 *
 * @public
 */
export function tryParseDuration(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * factor(durationUnits, unit);
  }
  return clean(total);
}

/**
 * Bytes of a size like `128Mi`, `1.5Gi`, `500k`; a bare number counts bytes. Suffixes as in Kubernetes quantities.
 *
 * @returns undefined when the text is none.
 *
 * @public
 */
export function tryParseBytes(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)(Ti|Gi|Mi|Ki|T|G|M|k|B)?$/.exec(text);
  return match === null ? undefined : clean(Number(match[1]) * factor(byteUnits, match[2] ?? "B"));
}

/** The shortest exact text for a number with a unit: `90000` ms → `90s`, `134217728` bytes → `128Mi`; other units behind it. */
export function formatQuantity(value: number, unit: string | undefined): string {
  if (unit !== "ms" && unit !== "bytes") return unit === undefined ? String(value) : `${value} ${unit}`;
  const units = unit === "ms" ? durationUnits : byteUnits;
  for (const [suffix, size] of units) {
    if (value !== 0 && value % size === 0)
      return unit === "bytes" && size === 1 ? String(value) : `${value / size}${suffix}`;
  }
  return unit === "ms" ? `${value}ms` : String(value);
}

/** `1.1h` is a whole number of milliseconds, but not in binary floating point; take away what multiplication added. */
function clean(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value - rounded) < 1e-6 ? rounded : value;
}

function factor(units: readonly (readonly [string, number])[], suffix: string | undefined): number {
  for (const [name, size] of units) if (name === suffix) return size;
  return 1;
}
