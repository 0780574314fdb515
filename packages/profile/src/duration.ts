const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** Characters of a label value; no duration needs more. */
const MAX_LENGTH = 63;

/**
 * Reads a duration as Go writes it: numbers with units (`ns`, `us`, `ms`, `s`, `m`, `h`), e.g. `1h30m` or `1.5h`.
 *
 * @returns milliseconds, positive and finite; `undefined` when the text is no such duration, is zero or negative, or has more than
 * 63 characters.
 *
 * @public
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH || !/^((\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(text))
    return undefined;
  let milliseconds = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g)) {
    milliseconds += Number(number) * UNITS_MS[unit!]!;
  }
  return milliseconds > 0 && Number.isFinite(milliseconds) ? milliseconds : undefined;
}

/**
 * Writes a learning period as the label `learning-period` has it: hours, minutes, seconds, without the zeros at the end (`24h`,
 * `10m`, `1h30m`, `90s` as `1m30s`).
 *
 * @param milliseconds - non-negative; cut to whole seconds.
 *
 * @public
 */
export function formatDuration(milliseconds: number): string {
  const total = Math.trunc(milliseconds / 1_000);
  const hours = Math.trunc(total / 3_600);
  const minutes = Math.trunc(total / 60) % 60;
  const seconds = total % 60;
  if (seconds === 0 && total > 0) return minutes === 0 ? `${hours}h` : `${hours === 0 ? "" : `${hours}h`}${minutes}m`;
  return `${hours === 0 ? "" : `${hours}h`}${hours === 0 && minutes === 0 ? "" : `${minutes}m`}${seconds}s`;
}
