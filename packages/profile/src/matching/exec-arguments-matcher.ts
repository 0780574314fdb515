import { PathMatcher } from "./path-matcher.ts";
import { ANY_ARGUMENTS, MAX_PATTERN_SEGMENTS, ONE } from "./wildcards.ts";

/** What is compared of an executed program. @public */
export interface ExecPattern {
  readonly path: string;
  readonly args: readonly string[];
  readonly argsRequired: boolean;
}

/**
 * Says whether a list of executed programs allows one with its arguments.
 *
 * Paths as `PathMatcher` matches them. An empty list of arguments in an entry allows any, unless `argsRequired` is set: then the
 * program must have none. Otherwise they must match from the first to the last, `\u22ef` being exactly one argument, `\u22ef\u22ef` zero
 * or more; `*` is a star. An entry of more than 256 arguments that holds `\u22ef\u22ef` matches nothing.
 *
 * The list is kept, not copied, and must not change; nothing is computed before the first question.
 *
 * Cost of a question: no allocation, that of the path, then at most (arguments) x (arguments of the entry) for each entry of that
 * path.
 *
 * @see reference: kubescape/storage, `pkg/registry/file/dynamicpathdetector/compare_exec_args.go`
 *
 * @public
 */
export class ExecArgumentsMatcher {
  readonly #execs: readonly ExecPattern[];
  #paths: PathMatcher | undefined = undefined;

  constructor(execs: readonly ExecPattern[]) {
    this.#execs = execs;
  }

  /** True when an entry has this path, whatever its arguments. */
  matchesPath(path: string): boolean {
    return (this.#paths ??= this.#prepare()).matches(path);
  }

  /** True when an entry allows the program with these arguments, the program's own name first. */
  matches(path: string, args: readonly string[]): boolean {
    const paths = (this.#paths ??= this.#prepare());
    for (let at = paths.nextMatch(path, 0); at !== -1; at = paths.nextMatch(path, at + 1)) {
      const exec = this.#execs[at]!;
      if (exec.args.length === 0 ? !exec.argsRequired || args.length === 0 : matchesArguments(exec.args, args))
        return true;
    }
    return false;
  }

  /**
   * True when an entry of this path allows any arguments, or `accepts` is true of its arguments as they stand there, wildcards included; empty
   * ones are of an entry that allows none.
   */
  someEntry(path: string, accepts: (args: readonly string[]) => boolean): boolean {
    const paths = (this.#paths ??= this.#prepare());
    for (let at = paths.nextMatch(path, 0); at !== -1; at = paths.nextMatch(path, at + 1)) {
      const { args, argsRequired } = this.#execs[at]!; // as many as paths
      if ((args.length === 0 && !argsRequired) || accepts(args)) return true;
    }
    return false;
  }

  #prepare(): PathMatcher {
    return new PathMatcher(this.#execs.map((exec) => exec.path));
  }
}

/** As `matchesSegments`, over arguments and with zero or more at the end too. */
function matchesArguments(pattern: readonly string[], args: readonly string[]): boolean {
  let patternAt = 0;
  let argAt = 0;
  let afterAny = -1;
  let anyTakesTo = 0;
  while (argAt < args.length) {
    const expected = pattern[patternAt];
    if (expected === ANY_ARGUMENTS) {
      if (pattern.length > MAX_PATTERN_SEGMENTS) return false;
      patternAt = afterAny = patternAt + 1;
      if (afterAny === pattern.length) return true;
      anyTakesTo = argAt;
    } else if (expected !== undefined && (expected === ONE || expected === args[argAt])) {
      patternAt += 1;
      argAt += 1;
    } else {
      if (afterAny === -1) return false;
      anyTakesTo += 1;
      argAt = anyTakesTo;
      patternAt = afterAny;
    }
  }
  while (pattern[patternAt] === ANY_ARGUMENTS) patternAt += 1;
  return patternAt === pattern.length;
}
