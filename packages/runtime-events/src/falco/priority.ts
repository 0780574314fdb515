/**
 * Falco's words for priorities, and what they are here: 1 (least) ... 10. Case does not matter; a word that is not known counts as a warning.
 *
 * @see falcosecurity/falco `userspace/falco/falco_common.cpp` (eight words, after syslog)
 * @internal
 */
const severityByPriority: Readonly<Record<string, number>> = {
  emergency: 10,
  alert: 9,
  critical: 8,
  error: 7,
  warning: 5,
  notice: 3,
  informational: 2,
  info: 2,
  debug: 1,
};

/** The word of a warning, for priorities that are not known. */
const unknownSeverity = 5;

/** @internal */
export function severityOf(priority: string): number {
  const word = priority.toLowerCase();
  return Object.hasOwn(severityByPriority, word) ? severityByPriority[word]! : unknownSeverity; // its own, so it is there
}
