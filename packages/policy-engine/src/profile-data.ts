import type { RuleDefinition } from "./rule-definition.ts";

/** What is kept of profiles for a rule, by surface. @public */
export type ProfileData = NonNullable<RuleDefinition["profileDataRequired"]>;

/** A part of a profile that can be kept or dropped. @public */
export type ProfileSurface = keyof ProfileData;

/** Which entries of a surface are wanted. @public */
export type ProfilePattern = Exclude<NonNullable<ProfileData[ProfileSurface]>, "all">[number];

/** One call of a function about profiles, as it stands in an expression. @public */
export interface ProfileQuestion {
  readonly surface: ProfileSurface;
  /** As written, e.g. `ap.was_path_opened`. */
  readonly functionName: string;
  /** Each is enough to answer it: the entries that it can be about, as the expression says. Empty: it may be about any. */
  readonly answers: readonly (readonly ProfilePattern[])[];
}

/** Something that is asked and that the declaration leaves out. @internal */
export interface UndeclaredQuestion {
  readonly surface: ProfileSurface;
  readonly functionName: string;
  readonly wanted: "all" | readonly ProfilePattern[];
}

/**
 * Holds questions against what a rule declares: what has to be kept so that each is answered from the whole profile, and what of it the
 * declaration leaves out. A "no" because an entry was dropped would be a wrong one.
 *
 * @internal
 */
export function coverQuestions(
  declared: ProfileData,
  questions: readonly ProfileQuestion[],
): { readonly data: ProfileData; readonly undeclared: readonly UndeclaredQuestion[] } {
  const data: { -readonly [Surface in ProfileSurface]?: ProfileData[Surface] } = { ...declared };
  const undeclared: UndeclaredQuestion[] = [];
  for (const { surface, functionName, answers } of questions) {
    const kept = data[surface];
    if (kept === "all") continue;
    if (answers.some((patterns) => patterns.every((pattern) => isCovered(kept ?? [], pattern)))) continue;
    const wanted = answers.toSorted((left, right) => breadth(left) - breadth(right))[0] ?? "all";
    data[surface] = wanted === "all" ? wanted : [...(kept ?? []), ...wanted];
    undeclared.push({ surface, functionName, wanted });
  }
  return { data, undeclared };
}

/** For people: `{"prefix":"/etc/"}`, at most three. */
export function describeWanted(wanted: UndeclaredQuestion["wanted"]): string {
  if (wanted === "all") return "all";
  const shown = wanted.slice(0, 3).map((pattern) => JSON.stringify(pattern).slice(0, 120));
  return shown.join(", ") + (wanted.length > 3 ? ` and ${wanted.length - 3} more` : "");
}

function isCovered(kept: readonly ProfilePattern[], wanted: ProfilePattern): boolean {
  return kept.some((pattern) => covers(pattern, wanted));
}

/** True when every text that `wanted` lets through passes `kept` too. */
function covers(kept: ProfilePattern, wanted: ProfilePattern): boolean {
  const [[kind, text] = ["", ""]] = Object.entries<string>(wanted);
  if ("contains" in kept) return text.includes(kept.contains);
  if ("prefix" in kept) return (kind === "exact" || kind === "prefix") && text.startsWith(kept.prefix);
  if ("suffix" in kept) return (kind === "exact" || kind === "suffix") && text.endsWith(kept.suffix);
  return kind === "exact" && text === kept.exact;
}

/** How much a list of patterns is likely to keep. */
function breadth(patterns: readonly ProfilePattern[]): number {
  const widths = patterns.map((pattern) => {
    if ("exact" in pattern) return 0;
    if ("prefix" in pattern) return 1;
    return "suffix" in pattern ? 2 : 3;
  });
  return Math.max(0, ...widths);
}
