import { isFalse, isTrue, truthOf, type Truth } from "../evaluation/truth.ts";
import type { ParsedValue } from "../grammars/parsed-value.ts";
import type { PolicyGroup } from "../model/security-policy.ts";
import { combineTests, type ValueTest } from "./combine-tests.ts";
import type { CompiledText } from "./compile-pattern.ts";
import { compilePattern } from "./compile-pattern.ts";
import { compileTextValue, type TextMode } from "./compile-text-value.ts";
import { compilePathGlob } from "./path-glob.ts";
import type { PatternEngine } from "./pattern-engine.ts";
import type { TextTest } from "./text-test.ts";

/** Settings that restore what the reference does. @internal */
export interface MatchingOptions {
  /** Plain values of UID, user, group, resource name and address criteria match the whole value; else its beginning. */
  readonly exactNames: boolean;
  /** A Required … group with AND asks for each entry; else for any one of them. */
  readonly requireEach: boolean;
}

/**
 * Turns the values of one group into tests. A value that does not compile is noted in `problem` (the first one) and stands in as a
 * test that never runs, so that matchers need not look.
 *
 * @internal
 */
export class GroupCompiler {
  readonly group: PolicyGroup;
  readonly parsed: readonly ParsedValue[];
  readonly options: MatchingOptions;
  readonly #engine: PatternEngine | undefined;
  /** Of a value: its place in the group and what is wrong with it. */
  problem: { readonly index: number; readonly message: string } | undefined = undefined;
  needsEngine = false;

  constructor(
    group: PolicyGroup,
    parsed: readonly ParsedValue[],
    options: MatchingOptions,
    engine: PatternEngine | undefined,
  ) {
    this.group = group;
    this.parsed = parsed;
    this.options = options;
    this.#engine = engine;
  }

  /** One test per value, over text. */
  texts(mode: TextMode): readonly TextTest[] {
    return this.parsed.map((value, index) =>
      value.kind === "text"
        ? this.#take(index, compileTextValue(value.text, mode, this.#engine))
        : this.#mismatch(index),
    );
  }

  globs(): readonly TextTest[] {
    return this.parsed.map((value, index) =>
      value.kind === "text" ? this.#take(index, compilePathGlob(value.text, this.#engine)) : this.#mismatch(index),
    );
  }

  /** A whole-text pattern that is a part of value `index`; undefined for an empty one, which is anything. */
  part(index: number, source: string): TextTest | undefined {
    return source === "" ? undefined : this.#take(index, compilePattern(source, "whole", this.#engine));
  }

  numbers(): readonly ValueTest<number>[] {
    return this.parsed.map((value, index) =>
      value.kind === "number" ? compare(value.comparator, value.value) : this.#mismatch(index),
    );
  }

  booleans(): readonly ValueTest<boolean>[] {
    return this.parsed.map((value, index) => {
      if (value.kind !== "boolean") return this.#mismatch(index);
      return value.value ? (fact) => fact : (fact) => !fact;
    });
  }

  /** Equality with names that have no order. */
  names(): readonly ValueTest<string>[] {
    return this.parsed.map((value, index) => {
      if (value.kind !== "name") return this.#mismatch(index);
      const { name } = value;
      return (fact) => fact === name;
    });
  }

  /** Comparison of ranks; `comparator` stands in for what the grammar leaves out. */
  ranks(order: readonly string[], comparator?: ">="): readonly ValueTest<string>[] {
    return this.parsed.map((value, index) => {
      if (value.kind !== "name") return this.#mismatch(index);
      const test = compare(comparator ?? value.comparator, order.indexOf(value.name));
      return (fact) => test(order.indexOf(fact));
    });
  }

  /** Joins tests of one fact by the group's operator and negation. An undefined fact never matches. */
  fact<Value>(tests: readonly ValueTest<Value>[]): (value: Value | undefined) => Truth {
    const test = combineTests(tests, this.group.booleanOperator, this.group.negate);
    return (value) => (value !== undefined && test(value) ? isTrue : isFalse);
  }

  /** As {@link fact}, over a list that is one fact: a value matches it when any item does. */
  list<Value>(
    tests: readonly ValueTest<Value>[],
    negate: boolean = this.group.negate,
  ): (list: readonly Value[]) => Truth {
    const ofList = tests.map((test) => (list: readonly Value[]) => {
      for (let index = 0; index < list.length; index++) if (test(list[index] as Value)) return true;
      return false;
    });
    const test = combineTests(ofList, this.group.booleanOperator, negate);
    return (list) => truthOf(test(list));
  }

  /**
   * Patterns over the parts of one element, joined by the group's operator and negation; the third part is absent where the
   * grammar has two.
   */
  parts(): (first: string, second: string, third: string) => boolean {
    const values = this.parsed.map((value, index) => {
      if (value.kind !== "parts") this.reject(index);
      const parts = value.kind === "parts" ? value.parts : [];
      return [0, 1, 2].map((part) => this.part(index, parts[part] ?? ""));
    });
    const isAnd = this.group.booleanOperator === "AND";
    const { negate } = this.group;
    return (first, second, third) => {
      for (let index = 0; index < values.length; index++) {
        const tests = values[index] as readonly (TextTest | undefined)[];
        const one = tests[0];
        const two = tests[1];
        const three = tests[2];
        const isMatch =
          (one === undefined || one(first)) &&
          (two === undefined || two(second)) &&
          (three === undefined || three(third));
        if (isMatch !== isAnd) return isMatch !== negate;
      }
      return isAnd !== negate;
    };
  }

  /** Notes that value `index` is of a kind that its criterion does not take. */
  reject(index: number): void {
    this.#mismatch(index);
  }

  #take(index: number, compiled: CompiledText): TextTest {
    if (compiled.kind === "test") return compiled.test;
    if (compiled.kind === "needsEngine") this.needsEngine = true;
    else this.problem ??= { index, message: compiled.message };
    return never;
  }

  #mismatch(index: number): () => boolean {
    this.problem ??= { index, message: "the value is of another kind than the criterion" };
    return never;
  }
}

function never(): boolean {
  return false;
}

function compare(comparator: "=" | "<" | ">" | "<=" | ">=", bound: number): ValueTest<number> {
  switch (comparator) {
    case "=":
      return (value) => value === bound;
    case "<":
      return (value) => value < bound;
    case ">":
      return (value) => value > bound;
    case "<=":
      return (value) => value <= bound;
    default:
      return (value) => value >= bound;
  }
}
