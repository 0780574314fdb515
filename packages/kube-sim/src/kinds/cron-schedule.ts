/** Smallest and largest number of each field: minute, hour, day of the month, month, day of the week. */
const LIMITS: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];
const NAMES = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)$/i;

/** Why a schedule of a CronJob cannot be read; undefined when it can. */
export function scheduleProblem(schedule: string): string | undefined {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(schedule)) return undefined;
  if (/^@every (\d+(\.\d+)?(h|m|s|ms))+$/.test(schedule)) return undefined;
  if (schedule.startsWith("@")) return `unrecognized descriptor: ${schedule}`;
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
  for (const [index, field] of fields.entries()) {
    for (const part of field.split(",")) {
      const why = rangeProblem(part, LIMITS[index] ?? [0, 59]);
      if (why !== undefined) return why;
    }
  }
  return undefined;
}

function rangeProblem(range: string, [min, max]: readonly [number, number]): string | undefined {
  const [span = "", step, extra] = range.split("/");
  if (extra !== undefined) return `too many slashes: ${range}`;
  if (step !== undefined) {
    if (!/^\d+$/.test(step)) return unreadable(step);
    if (Number(step) === 0) return `step of range should be a positive number: ${range}`;
  }
  if (span === "*" || span === "?") return undefined;
  const ends = span.split("-");
  if (ends.length > 2) return `too many hyphens: ${range}`;
  for (const end of ends) if (!/^\d+$/.test(end) && !NAMES.test(end)) return unreadable(end);
  if (ends.some((end) => NAMES.test(end))) return undefined;
  const start = Number(ends[0]);
  const last = ends[1] !== undefined ? Number(ends[1]) : step === undefined ? start : max;
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${range}`;
  if (last > max) return `end of range (${last}) above maximum (${max}): ${range}`;
  return start > last ? `beginning of range (${start}) beyond end of range (${last}): ${range}` : undefined;
}

function unreadable(text: string): string {
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}
