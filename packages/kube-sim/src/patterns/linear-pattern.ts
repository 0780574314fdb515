import { parsePattern, type PatternNode } from "./pattern-syntax.ts";

/** One step of a compiled pattern. */
type Step =
  | { readonly op: "one"; readonly matches: (codePoint: number) => boolean; readonly next: number }
  | { readonly op: "fork"; readonly first: number; readonly second: number }
  | { readonly op: "assert"; readonly kind: AssertionKind; readonly next: number }
  | { readonly op: "match" };

type AssertionKind = Extract<PatternNode, { kind: "assert" }>["assertion"];

/** Where a match lies, in code points. */
export interface PatternMatch {
  readonly start: number;
  readonly end: number;
}

/** More steps than this make no pattern that anybody writes. */
const MAX_STEPS = 20_000;

/**
 * A regular expression in the syntax of Go's `regexp`, run in time linear in the text.
 *
 * All alternatives are followed at once, so no pattern can make it backtrack. Cost of a test: text length × pattern length at worst.
 */
export class LinearPattern {
  readonly source: string;
  readonly #steps: Step[] = [];
  readonly #start: number;

  /** @throws SyntaxError with the reason when the text is no pattern, or one that Go refuses. */
  constructor(source: string) {
    this.source = source;
    const match = this.#add({ op: "match" });
    this.#start = this.#compile(parsePattern(source), match);
  }

  /** True when the pattern matches anywhere in the text. */
  test(text: string): boolean {
    return this.#run(toCodePoints(text), 0, true) !== undefined;
  }

  /** The leftmost match at or after a position. Positions count code points. */
  find(points: readonly number[], from: number): PatternMatch | undefined {
    return this.#run(points, from, false);
  }

  #add(step: Step): number {
    if (this.#steps.length >= MAX_STEPS) throw new SyntaxError("expression too large");
    return this.#steps.push(step) - 1;
  }

  /** Compiles backwards: every part is given where to go on. @returns where the part starts */
  #compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "empty":
        return next;
      case "one":
        return this.#add({ op: "one", matches: node.matches, next });
      case "assert":
        return this.#add({ op: "assert", kind: node.assertion, next });
      case "sequence":
        return node.parts.reduceRight((after, part) => this.#compile(part, after), next);
      case "choice": {
        const starts = node.parts.map((part) => this.#compile(part, next));
        return starts.reduceRight((second, first) => this.#add({ op: "fork", first, second }));
      }
      default:
        return this.#compileRepeat(node, next);
    }
  }

  #compileRepeat(node: Extract<PatternNode, { kind: "repeat" }>, next: number): number {
    const { part, min, max, isLazy } = node;
    let at = next;
    if (max === undefined) {
      const loop = this.#add({ op: "match" });
      const body = this.#compile(part, loop);
      this.#steps[loop] = isLazy
        ? { op: "fork", first: next, second: body }
        : { op: "fork", first: body, second: next };
      at = loop;
    } else {
      for (let count = min; count < max; count++) {
        const body = this.#compile(part, at);
        at = this.#add(isLazy ? { op: "fork", first: next, second: body } : { op: "fork", first: body, second: next });
      }
    }
    for (let count = 0; count < min; count++) at = this.#compile(part, at);
    return at;
  }

  /** Follows all threads in order of preference; a thread remembers where its match began. */
  #run(points: readonly number[], from: number, isTest: boolean): PatternMatch | undefined {
    let threads: ThreadList = new ThreadList(this.#steps.length);
    let following = new ThreadList(this.#steps.length);
    let found: PatternMatch | undefined;
    for (let position = from; ; position++) {
      if (found === undefined) this.#follow(threads, this.#start, position, points, position);
      if (threads.count === 0 && found !== undefined) return found;
      const point = points[position];
      for (let index = 0; index < threads.count; index++) {
        const step = this.#steps[threads.steps[index] ?? 0];
        if (step === undefined) continue;
        const start = threads.starts[index] ?? 0;
        if (step.op === "match") {
          found = { start, end: position };
          if (isTest) return found;
          break;
        }
        if (step.op === "one" && point !== undefined && step.matches(point)) {
          this.#follow(following, step.next, start, points, position + 1);
        }
      }
      if (point === undefined) return found;
      [threads, following] = [following, threads];
      following.clear();
    }
  }

  #follow(list: ThreadList, first: number, start: number, points: readonly number[], position: number): void {
    const pending = [first];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const step = this.#steps[at];
      if (step === undefined || list.has(at)) continue;
      list.add(at, start, step.op === "one" || step.op === "match");
      if (step.op === "fork") pending.push(step.second, step.first);
      else if (step.op === "assert" && holds(step.kind, points, position)) pending.push(step.next);
    }
  }
}

/** Threads in order of preference, each step at most once. */
class ThreadList {
  readonly steps: number[] = [];
  readonly starts: number[] = [];
  readonly #seen: Uint8Array;
  readonly #marked: number[] = [];

  constructor(size: number) {
    this.#seen = new Uint8Array(size);
  }

  get count(): number {
    return this.steps.length;
  }

  has(step: number): boolean {
    return this.#seen[step] === 1;
  }

  add(step: number, start: number, isThread: boolean): void {
    this.#seen[step] = 1;
    this.#marked.push(step);
    if (!isThread) return;
    this.steps.push(step);
    this.starts.push(start);
  }

  clear(): void {
    for (const step of this.#marked) this.#seen[step] = 0;
    this.#marked.length = 0;
    this.steps.length = 0;
    this.starts.length = 0;
  }
}

/** The code points of a text. */
export function toCodePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function holds(kind: AssertionKind, points: readonly number[], position: number): boolean {
  switch (kind) {
    case "textStart":
      return position === 0;
    case "textEnd":
      return position === points.length;
    case "lineStart":
      return position === 0 || points[position - 1] === 10;
    case "lineEnd":
      return position === points.length || points[position] === 10;
    case "wordEdge":
      return isWord(points[position - 1]) !== isWord(points[position]);
    default:
      return isWord(points[position - 1]) === isWord(points[position]);
  }
}

function isWord(point: number | undefined): boolean {
  if (point === undefined) return false;
  return (point >= 48 && point <= 57) || (point >= 65 && point <= 90) || point === 95 || (point >= 97 && point <= 122);
}
