import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Truth } from "../evaluation/truth.ts";
import type { GroupCompiler } from "./group-compiler.ts";
import type { Level, LevelElements } from "./level.ts";

/**
 * Whether a group holds of one element. Called for every element of every evaluation: allocates nothing unless it is true of an
 * image or asks a port.
 *
 * @internal
 */
export type Predicate<Element> = (element: Element, evaluation: Evaluation) => Truth;

/** What one criterion looks at and how it says what it found. @internal */
export interface CriterionMatcher<L extends Level = Level> {
  readonly level: L;
  /** Builds the predicate of one group; problems go to the compiler. */
  readonly compile: (group: GroupCompiler) => Predicate<LevelElements[L]>;
  /** One line about an element of which the predicate holds; names and values quoted. */
  readonly describe: (element: LevelElements[L], evaluation: Evaluation) => string;
}

/** Matchers by the criterion's name. @internal */
export type MatcherTable = Readonly<Record<string, CriterionMatcher>>;

/** Forgets the level: the section compiler only ever hands a matcher elements of its own level. @internal */
export function matcher<L extends Level>(
  level: L,
  compile: (group: GroupCompiler) => Predicate<LevelElements[L]>,
  describe: (element: LevelElements[L], evaluation: Evaluation) => string,
): CriterionMatcher {
  return { level, compile, describe } as unknown as CriterionMatcher;
}
