const daySeconds = 86_400;
/** The first second of the year 1 and the last of 9999. */
const minSeconds = -62_135_596_800;
const maxSeconds = 253_402_300_799;

/**
 * Dates as text; nearly all events of a stream are of one day, and making a date's text costs more than the rest of the time.
 *
 * @internal
 */
export class TimestampFormat {
  #day = 0;
  #text = "1970-01-01";

  /**
   * A protobuf timestamp as protojson writes it: RFC 3339 in UTC with 0, 3, 6 or 9 digits behind the second.
   *
   * @param seconds - since 1970; outside the years 1 ... 9999 the result is the empty text, as for a time that is absent.
   * @param nanos - 0 ... 999,999,999; anything else likewise.
   */
  format(seconds: number, nanos: number): string {
    if (!(seconds >= minSeconds && seconds <= maxSeconds && nanos >= 0 && nanos <= 999_999_999)) return "";
    const day = Math.floor(seconds / daySeconds);
    if (day !== this.#day) {
      this.#day = day;
      this.#text = new Date(day * daySeconds * 1000).toISOString().slice(0, 10);
    }
    return `${this.#text}T${clockText(seconds - day * daySeconds)}${fractionText(nanos)}Z`;
  }
}

function clockText(seconds: number): string {
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function fractionText(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (nanos % 1_000_000 === 0) return `.${digits.slice(0, 3)}`;
  return nanos % 1000 === 0 ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
