import type { BooleanOperator } from "../model/policy-names.ts";

/** @internal */
export type ValueTest<Value> = (value: Value) => boolean;

/**
 * Joins the tests of a group's values into one. Under negation De Morgan holds: OR means none may match, AND that one must fail.
 *
 * @internal
 */
export function combineTests<Value>(
  tests: readonly ValueTest<Value>[],
  operator: BooleanOperator,
  negate: boolean,
): ValueTest<Value> {
  const joined = join(tests, operator);
  return negate ? (value) => !joined(value) : joined;
}

function join<Value>(tests: readonly ValueTest<Value>[], operator: BooleanOperator): ValueTest<Value> {
  const first = tests[0];
  if (tests.length === 1 && first !== undefined) return first;
  if (operator === "AND") {
    return (value) => {
      for (let index = 0; index < tests.length; index++) if (!(tests[index] as ValueTest<Value>)(value)) return false;
      return tests.length > 0;
    };
  }
  return (value) => {
    for (let index = 0; index < tests.length; index++) if ((tests[index] as ValueTest<Value>)(value)) return true;
    return false;
  };
}
