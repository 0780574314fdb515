import { CelFault, CelOptional, celCompare, type CelVariables } from "./cel-values.ts";
import type { CelNode } from "./cel-syntax.ts";
import { sizeOf, typeName, type CelScope, type CelType, type CheckedExpression } from "./cel-type.ts";

/** The checker, as far as macros use it. */
interface MacroChecker {
  readonly check: (node: CelNode, scope: CelScope) => CheckedExpression;
  readonly fail: (node: CelNode, message: string) => CheckedExpression;
}

/** The evaluator, as far as macros use it. */
interface MacroEvaluator {
  readonly evaluate: (node: CelNode, variables: CelVariables) => unknown;
  readonly spend: (units: number) => void;
}

/** What checking a macro works with. */
interface MacroCheck {
  readonly node: CelNode;
  readonly scope: CelScope;
  readonly checker: MacroChecker;
}

/** What running a macro works with. */
interface MacroRun {
  readonly node: CelNode;
  readonly variables: CelVariables;
  readonly evaluator: MacroEvaluator;
}

/** A call whose arguments are not evaluated before it: it names variables or tests presence. */
export interface MacroCall {
  readonly check: (at: MacroCheck) => CheckedExpression;
  readonly run: (at: MacroRun) => unknown;
}

const DYN: CelType = { kind: "dyn" };
const BOOL: CelType = { kind: "bool" };

/** The macro that a call is; undefined for an ordinary call. */
export function isMacroCall(node: CelNode): MacroCall | undefined {
  if (node.op === "call") {
    const [name, parameters] = node.args as [string, CelNode[]];
    return name === "has" && parameters.length === 1 ? presence : undefined;
  }
  const { name, receiver, parameters } = memberCall(node);
  if (receiver.op === "id" && receiver.args === "cel")
    return name === "bind" && parameters.length === 3 ? binding : undefined;
  const isLoop = parameters[0]?.op === "id" && Object.hasOwn(LOOPS, name);
  const loop = isLoop ? LOOPS[name] : undefined;
  return loop !== undefined && loop.counts.includes(parameters.length) ? loop.macro : undefined;
}

const presence: MacroCall = {
  check({ node, scope, checker }) {
    const [, [operand]] = node.args as [string, CelNode[]];
    if (operand === undefined || (operand.op !== "." && operand.op !== ".?")) {
      return checker.fail(node, "invalid argument to has() macro");
    }
    return { type: BOOL, cost: checker.check(operand, scope).cost, size: 1 };
  },
  run({ node, variables, evaluator }) {
    const [, [operand]] = node.args as [string, CelNode[]];
    const [base, name] = (operand as CelNode).args as [CelNode, string];
    evaluator.spend(1);
    const value = evaluator.evaluate(base, variables);
    const inner = value instanceof CelOptional ? value.value : value;
    if (inner instanceof Map) return inner.has(name);
    if (value instanceof CelOptional && !value.isPresent) return false;
    throw new CelFault("no such overload");
  },
};

const binding: MacroCall = {
  check({ node, scope, checker }) {
    const [name, value, body] = memberCall(node).parameters as [CelNode, CelNode, CelNode];
    const bound = checker.check(value, scope);
    const result = checker.check(body, new Map([...scope, [String(name.args), bound.type]]));
    return { ...result, cost: bound.cost + result.cost + 1 };
  },
  run({ node, variables, evaluator }) {
    const [name, value, body] = memberCall(node).parameters as [CelNode, CelNode, CelNode];
    const bound = evaluator.evaluate(value, variables);
    return evaluator.evaluate(body, new Map([...variables, [String(name.args), bound]]));
  },
};

/** What a loop does with the results of its body. */
interface LoopRule {
  /** Cost of one round besides the body. */
  readonly overhead: number;
  readonly wantsBool: boolean;
  readonly result: (range: CelType, body: CelType, size: number) => CelType;
  readonly run: (rounds: Iterable<LoopRound>, at: MacroRun) => unknown;
}

interface LoopRound {
  readonly key: unknown;
  readonly item: unknown;
  /** Result of the body; of the filter first, when there are two. */
  readonly body: () => unknown;
  readonly second: () => unknown;
}

const LOOPS: Readonly<Record<string, { readonly counts: readonly number[]; readonly macro: MacroCall }>> = {
  all: { counts: [2, 3], macro: { check: (at) => checkLoop(at, all), run: (at) => runLoop(at, all) } },
  exists: { counts: [2, 3], macro: { check: (at) => checkLoop(at, exists), run: (at) => runLoop(at, exists) } },
  exists_one: {
    counts: [2, 3],
    macro: { check: (at) => checkLoop(at, existsOne), run: (at) => runLoop(at, existsOne) },
  },
  existsOne: {
    counts: [2, 3],
    macro: { check: (at) => checkLoop(at, existsOne), run: (at) => runLoop(at, existsOne) },
  },
  filter: { counts: [2], macro: { check: (at) => checkLoop(at, filter), run: (at) => runLoop(at, filter) } },
  map: { counts: [2, 3], macro: { check: (at) => checkLoop(at, map), run: (at) => runLoop(at, map) } },
  transformList: { counts: [3, 4], macro: { check: (at) => checkLoop(at, map), run: (at) => runLoop(at, map) } },
  transformMap: {
    counts: [3, 4],
    macro: { check: (at) => checkLoop(at, transformMap), run: (at) => runLoop(at, transformMap) },
  },
  sortBy: { counts: [2], macro: { check: (at) => checkLoop(at, sortBy), run: (at) => runLoop(at, sortBy) } },
  optMap: { counts: [2], macro: { check: (at) => checkOptional(at, false), run: (at) => runOptional(at, false) } },
  optFlatMap: { counts: [2], macro: { check: (at) => checkOptional(at, true), run: (at) => runOptional(at, true) } },
};

const all: LoopRule = {
  overhead: 3,
  wantsBool: true,
  result: () => BOOL,
  // An error in one round is forgotten when another round decides.
  run: (rounds, at) => decide(rounds, at, false),
};

const exists: LoopRule = {
  overhead: 4,
  wantsBool: true,
  result: () => BOOL,
  run: (rounds, at) => decide(rounds, at, true),
};

const existsOne: LoopRule = {
  overhead: 3,
  wantsBool: true,
  result: () => BOOL,
  run: (rounds) => {
    let count = 0;
    for (const round of rounds) if (asBool(round.body())) count++;
    return count === 1;
  },
};

const filter: LoopRule = {
  overhead: 13,
  wantsBool: true,
  result: (range, _body, size) => (range.kind === "map" ? { kind: "list", element: range.key, maxSize: size } : range),
  run: (rounds) => {
    const kept: unknown[] = [];
    for (const round of rounds) if (asBool(round.body())) kept.push(round.item);
    return kept;
  },
};

const map: LoopRule = {
  overhead: 12,
  wantsBool: false,
  result: (_range, body, size) => ({ kind: "list", element: body, maxSize: size }),
  run: (rounds, { node }) => {
    const hasFilter = memberCall(node).parameters.length === (memberCall(node).name === "map" ? 3 : 4);
    const results: unknown[] = [];
    for (const round of rounds) {
      if (!hasFilter) results.push(round.body());
      else if (asBool(round.body())) results.push(round.second());
    }
    return results;
  },
};

const transformMap: LoopRule = {
  overhead: 32,
  wantsBool: false,
  result: (range, body, size) => ({
    kind: "map",
    key: range.kind === "map" ? range.key : { kind: "int" },
    value: body,
    maxSize: size,
  }),
  run: (rounds, { node }) => {
    const hasFilter = memberCall(node).parameters.length === 4;
    const results = new Map<unknown, unknown>();
    for (const round of rounds) {
      if (!hasFilter) results.set(round.key, round.body());
      else if (asBool(round.body())) results.set(round.key, round.second());
    }
    return results;
  },
};

const sortBy: LoopRule = {
  overhead: 12,
  wantsBool: false,
  result: (range) => range,
  run: (rounds) => {
    const keyed = Array.from(rounds, (round) => ({ item: round.item, key: round.body() }));
    return keyed.sort((a, b) => celCompare(a.key, b.key) ?? 0).map(({ item }) => item);
  },
};

function checkLoop({ node, scope, checker }: MacroCheck, rule: LoopRule): CheckedExpression {
  const { receiver, names, bodies } = loopParts(node);
  const range = checker.check(receiver, scope);
  const { type } = range;
  if (type.kind !== "list" && type.kind !== "map" && type.kind !== "dyn") {
    return checker.fail(
      receiver,
      `expression of type '${typeName(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
  }
  const inner = new Map([...scope, ...loopTypes(names, type)]);
  const checked = bodies.map((body) => checker.check(body, inner));
  const tests = rule.wantsBool ? checked : checked.slice(0, -1);
  tests.forEach((test, index) => {
    if (test.type.kind === "bool" || test.type.kind === "dyn") return;
    checker.fail(bodies[index] ?? node, `expected type 'bool' but found '${typeName(test.type)}'`);
  });
  const size = type.kind === "dyn" ? Number.POSITIVE_INFINITY : range.size;
  const round = checked.reduce((sum, part) => sum + part.cost, rule.overhead);
  const cost = range.cost + 1 + (size === 0 ? 0 : size * round);
  return {
    type: rule.result(type, checked.at(-1)?.type ?? DYN, size),
    cost,
    size: rule.wantsBool && rule !== filter ? 1 : size,
  };
}

function loopTypes(names: readonly string[], type: CelType): [string, CelType][] {
  const key: CelType = type.kind === "map" ? type.key : type.kind === "list" ? { kind: "int" } : DYN;
  const value: CelType = type.kind === "map" ? type.value : type.kind === "list" ? type.element : DYN;
  const [first = "", second] = names;
  if (second !== undefined)
    return [
      [first, key],
      [second, value],
    ];
  // With one name, maps are gone through by key.
  return [[first, type.kind === "map" ? key : value]];
}

function runLoop(at: MacroRun, rule: LoopRule): unknown {
  const { receiver, names, bodies } = loopParts(at.node);
  const range = at.evaluator.evaluate(receiver, at.variables);
  if (!Array.isArray(range) && !(range instanceof Map)) throw new CelFault("no such overload");
  return rule.run(roundsOf(at, { range, names, bodies, overhead: rule.overhead }), at);
}

function* roundsOf(
  { variables, evaluator }: MacroRun,
  loop: {
    readonly range: readonly unknown[] | ReadonlyMap<unknown, unknown>;
    readonly names: readonly string[];
    readonly bodies: readonly CelNode[];
    readonly overhead: number;
  },
): Generator<LoopRound> {
  const isMap = loop.range instanceof Map;
  const [first = "", second] = loop.names;
  let index = 0n;
  for (const entry of loop.range) {
    evaluator.spend(loop.overhead);
    const key: unknown = isMap ? (entry as readonly unknown[])[0] : index++;
    const value: unknown = isMap ? (entry as readonly unknown[])[1] : entry;
    const item = second === undefined && isMap ? key : value;
    const inner = new Map(variables);
    inner.set(first, second === undefined ? item : key);
    if (second !== undefined) inner.set(second, value);
    const body = (at: number) => (): unknown => evaluator.evaluate(loop.bodies[at] as CelNode, inner);
    yield { key, item, body: body(0), second: body(1) };
  }
}

function decide(rounds: Iterable<LoopRound>, _at: MacroRun, wanted: boolean): boolean {
  let fault: CelFault | undefined;
  for (const round of rounds) {
    try {
      if (asBool(round.body()) === wanted) return wanted;
    } catch (error) {
      if (!(error instanceof CelFault)) throw error;
      fault ??= error;
    }
  }
  if (fault !== undefined) throw fault;
  return !wanted;
}

function checkOptional({ node, scope, checker }: MacroCheck, isFlat: boolean): CheckedExpression {
  const { receiver, parameters } = memberCall(node);
  const [name, body] = parameters as [CelNode, CelNode];
  const optional = checker.check(receiver, scope);
  const type = optional.type.kind === "optional" ? optional.type.value : DYN;
  if (optional.type.kind !== "optional" && optional.type.kind !== "dyn") {
    return checker.fail(node, `found no matching overload for 'optMap' applied to '${typeName(optional.type)}.()'`);
  }
  const result = checker.check(body, new Map([...scope, [String(name.args), type]]));
  const wrapped: CelType = isFlat ? result.type : { kind: "optional", value: result.type };
  return { type: wrapped, cost: optional.cost + result.cost + 2, size: sizeOf(wrapped) };
}

function runOptional({ node, variables, evaluator }: MacroRun, isFlat: boolean): unknown {
  const { receiver, parameters } = memberCall(node);
  const [name, body] = parameters as [CelNode, CelNode];
  const optional = evaluator.evaluate(receiver, variables);
  if (!(optional instanceof CelOptional)) throw new CelFault("no such overload");
  if (!optional.isPresent) return optional;
  const result = evaluator.evaluate(body, new Map([...variables, [String(name.args), optional.value]]));
  return isFlat ? result : new CelOptional(true, result);
}

function loopParts(node: CelNode): {
  readonly receiver: CelNode;
  readonly names: readonly string[];
  readonly bodies: readonly CelNode[];
} {
  const { name, receiver, parameters } = memberCall(node);
  // `map(x, filter, body)` has one name, `all(key, value, body)` and the transformations have two.
  const isPair = name.startsWith("transform") || (parameters.length === 3 && name !== "map");
  const count = isPair ? 2 : 1;
  return {
    receiver,
    names: parameters.slice(0, count).map((part) => String(part.args)),
    bodies: parameters.slice(count),
  };
}

function memberCall(node: CelNode): {
  readonly name: string;
  readonly receiver: CelNode;
  readonly parameters: readonly CelNode[];
} {
  const [name, receiver, parameters] = node.args as [string, CelNode, readonly CelNode[]];
  return { name, receiver, parameters };
}

function asBool(value: unknown): boolean {
  if (typeof value !== "boolean") throw new CelFault("no such overload");
  return value;
}
