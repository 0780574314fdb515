/** Numbers and pre-release of a semantic version; what is left out in a range is undefined. */
interface Version {
  readonly numbers: readonly [number, number | undefined, number | undefined];
  readonly preRelease: readonly string[];
}

type Test = (version: Version) => boolean;

/**
 * Whether an agent of this version knows a rule.
 *
 * @param requirement - range of semantic versions: comparisons (`>=1.2`, `<2`, `=1.0.0`, `!=1.1.0`), `~1.2`, `^1.2`, `1.2.x`, `1.2 - 1.5`; joined by
 * space or comma (all hold) and by `||` (one holds).
 * @param version - of the agent.
 * @returns also true when either is empty or unreadable: a rule is not lost because somebody could not write its range.
 * @public
 */
export function isAgentVersionCompatible(requirement: string, version: string): boolean {
  const own = parseVersion(version);
  if (own === undefined || requirement.trim() === "") return true;
  const alternatives: (readonly Test[])[] = [];
  for (const part of requirement.split("||")) {
    const tests = parseRange(part.trim());
    if (tests === undefined) return true;
    alternatives.push(tests);
  }
  return alternatives.some((tests) => tests.every((test) => test(own)));
}

function parseRange(text: string): readonly Test[] | undefined {
  const span = /^(\S+)\s+-\s+(\S+)$/.exec(text);
  const parts = span === null ? splitComparisons(text) : [`>=${span[1]}`, `<=${span[2]}`];
  const tests: Test[] = [];
  for (const part of parts) {
    const test = parseComparison(part);
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return tests.length === 0 ? undefined : tests;
}

/** `>= 1.2, < 2` has spaces after its signs. */
function splitComparisons(text: string): readonly string[] {
  return text
    .replace(/([<>=!~^]+)\s+/g, "$1")
    .split(/[\s,]+/)
    .filter((part) => part !== "");
}

function parseComparison(text: string): Test | undefined {
  const parts = /^(>=|=>|<=|=<|!=|==|[<>=~^]|~>)?(.+)$/.exec(text);
  const operand = parts?.[2] ?? "";
  if (/^[xX*]$/.test(operand)) return () => true;
  const bound = parseVersion(operand);
  if (bound === undefined) return undefined;
  // A pre-release is in a range only when the range names one, as everywhere with semantic versions.
  const isAllowed: Test = ({ preRelease }) => preRelease.length === 0 || bound.preRelease.length > 0;
  const test = comparisonOf(parts?.[1] ?? "", bound);
  return (version) => isAllowed(version) && test(version);
}

function comparisonOf(operator: string, bound: Version): Test {
  switch (operator) {
    case ">":
      return (version) => compare(version, bound) > 0 && !isWithin(version, bound);
    case ">=":
    case "=>":
      return (version) => compare(version, bound) >= 0;
    case "<":
      return (version) => compare(version, bound) < 0;
    case "<=":
    case "=<":
      return (version) => compare(version, bound) <= 0 || isWithin(version, bound);
    case "!=":
      return (version) => !isWithin(version, bound);
    case "~":
    case "~>":
      return (version) =>
        compare(version, bound) >= 0 && sharedNumbers(version, bound) >= (bound.numbers[1] === undefined ? 1 : 2);
    case "^":
      return (version) => compare(version, bound) >= 0 && sharedNumbers(version, bound) >= caretNumbers(bound);
    default:
      return (version) => isWithin(version, bound);
  }
}

/** As many leading numbers as `^` holds fixed: all up to the first one that is not zero. */
function caretNumbers({ numbers }: Version): number {
  const [major, minor, patch] = numbers;
  if (major !== 0 || minor === undefined) return 1;
  return minor !== 0 || patch === undefined ? 2 : 3;
}

function sharedNumbers({ numbers }: Version, bound: Version): number {
  const at = numbers.findIndex((number, index) => number !== (bound.numbers[index] ?? 0));
  return at === -1 ? 3 : at;
}

/** Equal as far as the bound goes: 1.2.3 is within 1.2. */
function isWithin(version: Version, bound: Version): boolean {
  if (bound.numbers.includes(undefined)) {
    return bound.numbers.every((number, at) => number === undefined || number === version.numbers[at]);
  }
  return compare(version, bound) === 0;
}

function compare(left: Version, right: Version): number {
  for (let at = 0; at < 3; at++) {
    const difference = (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePreReleases(left.preRelease, right.preRelease);
}

function comparePreReleases(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [a, b] = [left[at], right[at]];
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
    if (a === b) continue;
    const [isANumber, isBNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (isANumber && isBNumber) return Number(a) - Number(b);
    if (isANumber !== isBNumber) return isANumber ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return 0;
}

function parseVersion(text: string): Version | undefined {
  const parts =
    /^v?(\d{1,9})(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(
      text.trim(),
    );
  if (parts === null) return undefined;
  const numberOf = (part: string | undefined): number | undefined =>
    part === undefined || !/^\d/.test(part) ? undefined : Number(part);
  const minor = numberOf(parts[2]);
  return {
    numbers: [Number(parts[1]), minor, minor === undefined ? undefined : numberOf(parts[3])],
    preRelease: parts[4]?.split(".") ?? [],
  };
}
