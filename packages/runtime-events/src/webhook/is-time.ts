import { isEventTime } from "../event-time.ts";

/**
 * True for a time of RFC 3339 that exists: others take it word for word, and some refuse a whole batch for one that they cannot read. For findings; not
 * for hot paths.
 *
 * @internal
 */
export function isTime(text: string): boolean {
  if (!isEventTime(text) || Number.isNaN(Date.parse(text))) return false;
  // The 30th of February is read as the 2nd of March.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;
}
