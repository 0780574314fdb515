import { createError } from "@kinglet/errors";

import { celFunctionDeclarations, celFunctionName } from "./cel-functions.ts";
import { policyEngineErrors } from "./errors.ts";
import type { EventField, RuleEvent } from "./event-fields.ts";
import { partsOf } from "./required-fields.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/** How large a value may become, at most. */
interface Size {
  /** Of a list or map: how many elements it has. */
  readonly length: number;
  /** Those, and those of lists in it. */
  readonly elements: number;
  /** Characters of all its texts. */
  readonly chars: number;
  /** Of a list or map: the largest of its elements. */
  readonly largest: Size | undefined;
}

type Scope = ReadonlyMap<string, Size>;

const nothing: Size = { length: 0, elements: 0, chars: 0, largest: undefined };
const noVariables: Scope = new Map();
/** What a text costs beside its characters, and an element of a list. */
const headerCost = 16;
const elementCost = 8;
/** Longest text of `replace` and `format`; of a function, which answers from a profile, a specification or an environment. */
const longestMade = 65_536;
const longAnswers: Size = {
  ...{ length: 4096, elements: 4096, chars: 4 * longestMade },
  largest: { length: 0, elements: 0, chars: longestMade, largest: undefined },
};

/** Methods whose answer is a truth or a number. */
const asking: ReadonlySet<string> = new Set([
  ...["startsWith", "endsWith", "contains", "indexOf", "lastIndexOf", "size", "matches"],
  ...["all", "exists", "exists_one"],
]);
/** Methods whose answer is no larger than what they are called on. */
const keeping: ReadonlySet<string> = new Set(["filter", "substring", "charAt", "trim", "lowerAscii", "upperAscii"]);
const comprehensions: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);

/**
 * Bounds what an expression makes, before it runs: the library counts nothing of it, and `split`, `join`, `map` and `+` make of one command
 * line texts and lists that are as large as its square, or twice as large with every step.
 *
 * The bound is never too low. It is too high where few elements of a list are long: such an event is not judged, which is told.
 *
 * @internal
 */
export class WorkBound {
  readonly #root: SyntaxNode;
  readonly #canGrow: boolean;
  readonly #maxMade: number;
  readonly #maxSteps: number;
  #made = 0;
  #steps = 0;

  constructor(root: SyntaxNode, { maxMade, maxSteps }: { readonly maxMade: number; readonly maxSteps: number }) {
    this.#root = root;
    this.#canGrow = canGrow(root);
    this.#maxMade = maxMade;
    this.#maxSteps = maxSteps;
  }

  /**
   * Cost: a walk over the tree for an expression that can make something large, nothing for others.
   *
   * @throws KINGLET_ERR_POLICY_ENGINE_COST
   */
  assertWithin(event: RuleEvent): void {
    if (!this.#canGrow) return;
    this.#made = 0;
    this.#steps = 0;
    this.#sizeOf(this.#root, event, noVariables, 1);
    this.#check(this.#steps, this.#maxSteps);
    this.#check(this.#made, this.#maxMade);
  }

  #check(cost: number, limit: number): void {
    if (cost <= limit) return;
    throw createError(policyEngineErrors, "KINGLET_ERR_POLICY_ENGINE_COST", { cost, limit });
  }

  #make(size: Size, times: number): Size {
    this.#made += times * (headerCost + size.chars + size.elements * elementCost);
    return size;
  }

  #sizeOf(node: SyntaxNode, event: RuleEvent, scope: Scope, times: number): Size {
    const of = (part: SyntaxNode): Size => this.#sizeOf(part, event, scope, times);
    switch (node.op) {
      case "value":
        return typeof node.args === "string" ? text(node.args.length) : nothing;
      case "id":
        return scope.get(node.args) ?? nothing;
      case ".": {
        const [from, name] = node.args;
        const isField = from.op === "id" && from.args === "event" && !scope.has("event");
        return isField ? fieldSize(event[name as EventField]) : (of(from).largest ?? nothing);
      }
      case "[]":
        return of(node.args[0]!).largest ?? nothing;
      case "?:":
        of(node.args[0]!);
        return larger(of(node.args[1]!), of(node.args[2]!));
      case "+":
        return this.#make(both(of(node.args[0]!), of(node.args[1]!)), times);
      case "list":
        return this.#make(listOf(node.args.map(of)), times);
      case "map":
        return this.#make(listOf(node.args.flat().map(of)), times);
      case "call":
        return this.#call(node.args[0], node.args[1].map(of), times);
      case "rcall":
        return this.#method(node.args[0], node.args[1], node.args[2], { event, scope, times });
      default:
        for (const part of partsOf(node)) of(part);
        return nothing;
    }
  }

  #call(name: string, args: readonly Size[], times: number): Size {
    if (name === "has" || name === "size") return nothing;
    // Conversions: of a number at most 24 characters.
    const size = args.reduce(both, nothing);
    return this.#make({ ...size, chars: size.chars + 24 }, times);
  }

  #method(
    name: string,
    receiver: SyntaxNode,
    args: readonly SyntaxNode[],
    { event, scope, times }: { readonly event: RuleEvent; readonly scope: Scope; readonly times: number },
  ): Size {
    const of = (part: SyntaxNode): Size => this.#sizeOf(part, event, scope, times);
    if (receiver.op === "id" && !scope.has(receiver.args)) {
      if (receiver.args === "cel" && name === "bind") {
        const [variable, value, body] = args as readonly [SyntaxNode, SyntaxNode, SyntaxNode];
        return this.#sizeOf(body, event, withVariable(scope, variable, of(value)), times);
      }
      const declared = celFunctionName(`${receiver.args}.${name}`);
      if (declared !== undefined) {
        const given = args.map(of).reduce(both, nothing);
        const { returns } = celFunctionDeclarations[declared];
        if (returns === "string") return this.#make(text(given.chars + longestMade), times);
        const isMany = returns === "list<string>" || returns === "map<string, string>";
        return isMany ? this.#make(longAnswers, times) : nothing;
      }
    }
    const on = of(receiver);
    if (comprehensions.has(name)) {
      const steps = times * on.length;
      this.#steps = Math.max(this.#steps, steps);
      const inner = withVariable(scope, args[0]!, on.largest ?? nothing);
      const bodies = args.slice(1).map((part) => this.#sizeOf(part, event, inner, steps));
      if (name === "map") return this.#make(repeated(bodies.at(-1) ?? nothing, on.length), times);
      return name === "filter" ? this.#make(on, times) : nothing;
    }
    const given = args.map(of).reduce(both, nothing);
    if (asking.has(name)) return nothing;
    if (keeping.has(name)) return this.#make(on, times);
    switch (name) {
      case "split":
        return this.#make(pieces(on.chars), times);
      case "join":
        return this.#make(text(on.chars + on.length * given.chars), times);
      case "replace":
      case "format":
        this.#make({ ...given, elements: given.elements + on.chars }, times);
        return this.#make(text(Math.max(longestMade, on.chars)), times);
      case "reverse":
        this.#make({ ...on, elements: on.chars }, times);
        return on;
      default: {
        // Of the library's others, hex doubles what it is called on.
        const all = both(on, given);
        return this.#make({ ...all, chars: all.chars * 2 }, times);
      }
    }
  }
}

function canGrow(node: SyntaxNode): boolean {
  if (node.op === "+") return true;
  if (node.op === "rcall") {
    const [name, receiver] = node.args;
    const isDeclared = receiver.op === "id" && celFunctionName(`${receiver.args}.${name}`) !== undefined;
    if (!isDeclared && !asking.has(name) && !keeping.has(name)) return true;
  }
  return partsOf(node).some(canGrow);
}

function withVariable(scope: Scope, variable: SyntaxNode, size: Size): Scope {
  return variable.op === "id" ? new Map([...scope, [variable.args, size]]) : scope;
}

function text(chars: number): Size {
  return { length: 0, elements: 0, chars, largest: undefined };
}

/** What a text of so many characters may be split into. */
function pieces(chars: number): Size {
  return { length: chars + 1, elements: chars + 1, chars, largest: text(chars) };
}

function fieldSize(value: RuleEvent[EventField]): Size {
  if (typeof value === "string") return text(value.length);
  if (!Array.isArray(value)) return nothing;
  let chars = 0;
  let longest = 0;
  for (const one of value as readonly string[]) {
    chars += one.length;
    if (one.length > longest) longest = one.length;
  }
  return { length: value.length, elements: value.length, chars, largest: text(longest) };
}

/** A text behind a text, a list behind a list. */
function both(left: Size, right: Size): Size {
  const largest = left.largest === undefined ? right.largest : larger(left.largest, right.largest ?? nothing);
  return {
    length: left.length + right.length,
    elements: left.elements + right.elements,
    chars: left.chars + right.chars,
    largest,
  };
}

function larger(left: Size, right: Size): Size {
  const largest = left.largest === undefined ? right.largest : larger(left.largest, right.largest ?? nothing);
  return {
    length: Math.max(left.length, right.length),
    elements: Math.max(left.elements, right.elements),
    chars: Math.max(left.chars, right.chars),
    largest,
  };
}

function listOf(sizes: readonly Size[]): Size {
  const elements = sizes.reduce((sum, size) => sum + size.elements, sizes.length);
  const chars = sizes.reduce((sum, size) => sum + size.chars, 0);
  return { length: sizes.length, elements, chars, largest: sizes.length === 0 ? undefined : sizes.reduce(larger) };
}

function repeated(size: Size, times: number): Size {
  return { length: times, elements: times * (1 + size.elements), chars: times * size.chars, largest: size };
}
