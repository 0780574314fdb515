/** 1 January of the year 1: Go's zero time, which JSON writes as null. */
const ZERO_SECONDS = -62_135_596_800;
/** The last second of the year 9999. */
const LAST_SECONDS = 253_402_300_799;

/**
 * A time in UTC as Kubernetes writes it in JSON.
 *
 * @param seconds - since 1970.
 * @param nanos - for six decimals of seconds; -1 for whole seconds.
 * @returns `null` for the zero time, `undefined` for what RFC 3339 has no notation for.
 * @internal
 */
export function rfc3339(seconds: number, nanos: number): string | null | undefined {
  if (seconds === ZERO_SECONDS && nanos <= 0) return null;
  if (!(seconds >= ZERO_SECONDS && seconds <= LAST_SECONDS) || nanos >= 1_000_000_000 || nanos < -1) return undefined;
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const { year, month, day } = civilDate(days);
  const bytes = [0, 0, 0, 0, 0x2d, 0, 0, 0x2d, 0, 0, 0x54, 0, 0, 0x3a, 0, 0, 0x3a, 0, 0];
  digits(bytes, 0, 4, year);
  digits(bytes, 5, 2, month);
  digits(bytes, 8, 2, day);
  digits(bytes, 11, 2, Math.floor(rest / 3600));
  digits(bytes, 14, 2, Math.floor((rest % 3600) / 60));
  digits(bytes, 17, 2, rest % 60);
  if (nanos >= 0) {
    bytes.push(0x2e, 0, 0, 0, 0, 0, 0);
    digits(bytes, 20, 6, Math.floor(nanos / 1000));
  }
  bytes.push(0x5a);
  // One flat string: a slice of Date's notation would keep the longer text alive.
  return String.fromCharCode(...bytes);
}

/** Nanoseconds in the notation of Go's `time.Duration`: `0s`, `1.5s`, `250ms`, `1h0m0s`. @internal */
export function goDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}\u00b5s`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = decimal(size % 60_000_000_000n, 9);
  if (minutes === 0n) return `${sign}${seconds}s`;
  return minutes < 60n ? `${sign}${minutes}m${seconds}s` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`;
}

/** `value / 10^places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const text = value.toString().padStart(places + 1, "0");
  const fraction = text.slice(-places).replace(/0+$/, "");
  const whole = text.slice(0, -places);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function digits(bytes: number[], at: number, count: number, value: number): void {
  let rest = value;
  for (let index = at + count - 1; index >= at; index--) {
    bytes[index] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** The Gregorian date of a day counted from 1 January 1970, by eras of 400 years that begin in March. */
function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
