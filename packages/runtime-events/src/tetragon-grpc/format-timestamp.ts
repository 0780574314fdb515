const daySeconds = 86_400;

/**
 * A protobuf timestamp as protojson writes it: RFC 3339 in UTC with 0, 3, 6 or 9 digits behind the second.
 *
 * @param seconds - since 1970; outside the years 1 ... 9999 the result is the empty text, as for a time that is absent.
 * @param nanos - 0 ... 999,999,999; anything else likewise.
 * @internal
 */
export function formatTimestamp(seconds: number, nanos: number): string {
  if (!(seconds >= -62_135_596_800 && seconds <= 253_402_300_799 && nanos >= 0 && nanos <= 999_999_999)) return "";
  const text = `${dateText(Math.floor(seconds / daySeconds))}T${clockText(seconds)}`;
  if (nanos === 0) return `${text}Z`;
  const digits = String(nanos).padStart(9, "0");
  if (nanos % 1_000_000 === 0) return `${text}.${digits.slice(0, 3)}Z`;
  return nanos % 1000 === 0 ? `${text}.${digits.slice(0, 6)}Z` : `${text}.${digits}Z`;
}

function dateText(day: number): string {
  // Dates before 1970 and after 9999 do not occur in events; whatever occurs is right all the same.
  return new Date(day * daySeconds * 1000).toISOString().slice(0, 10);
}

function clockText(seconds: number): string {
  const rest = seconds - Math.floor(seconds / daySeconds) * daySeconds;
  return `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
