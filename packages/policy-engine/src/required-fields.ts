import { celFunctionName } from "./cel-functions.ts";
import { eventFieldTypes, type EventField } from "./event-fields.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/** Sets of fields: an expression can be true only of an event that has every field of one of them. @internal */
export type FieldAlternatives = readonly (readonly EventField[])[];

/** More are not told apart: such an expression just runs, and fails where a field is absent. */
const maxAlternatives = 16;
const anything: FieldAlternatives = [[]];

/**
 * What an event has to tell so that an expression can be true of it: an event that does not cannot be judged, and the expression need not
 * run to find that out. Reads the tree as written.
 *
 * `a && b` needs what both need; `a || b` what one of them needs; a choice its condition and one of its sides; anything else all fields that are
 * read whenever it runs.
 *
 * @internal
 */
export function requiredFields(root: SyntaxNode): FieldAlternatives {
  switch (root.op) {
    case "&&":
      return both(requiredFields(root.args[0]!), requiredFields(root.args[1]!));
    case "||":
      return oneOf(requiredFields(root.args[0]!), requiredFields(root.args[1]!));
    case "?:":
      return both(
        [[...alwaysRead(root.args[0]!)]],
        oneOf(requiredFields(root.args[1]!), requiredFields(root.args[2]!)),
      );
    default:
      return [[...alwaysRead(root)]];
  }
}

/**
 * Every field that an expression may read, but for `has()`.
 *
 * @internal
 */
export function readFields(root: SyntaxNode): readonly EventField[] {
  const found = new Set<EventField>();
  const collect = (node: SyntaxNode): void => {
    const field = fieldOf(node);
    if (field !== undefined) found.add(field);
    else if (!isHas(node)) for (const part of partsOf(node)) collect(part);
  };
  collect(root);
  return [...found];
}

/**
 * True when an expression reads `event.args` and does nothing with it but hand it to `cp.was_executed_with_args` as it is (`has()` may ask for it): whoever
 * answers that function can do so without the single arguments.
 *
 * @internal
 */
export function onlyPassesArguments(root: SyntaxNode): boolean {
  const { reads, passes } = countReads(root);
  return passes > 0 && passes === reads;
}

/** How often the arguments are read, and how many of these reads hand them on whole. */
function countReads(node: SyntaxNode): { readonly reads: number; readonly passes: number } {
  if (fieldOf(node) === "args") return { reads: 1, passes: 0 };
  if (isHas(node)) return { reads: 0, passes: 0 };
  let passes = 0;
  if (node.op === "rcall" && node.args[1].op === "id") {
    const called = celFunctionName(`${node.args[1].args}.${node.args[0]}`);
    const given = node.args[2][2];
    if (called === "cp.was_executed_with_args" && given !== undefined && fieldOf(given) === "args") passes = 1;
  }
  let reads = 0;
  for (const part of partsOf(node)) {
    const inner = countReads(part);
    reads += inner.reads;
    passes += inner.passes;
  }
  return { reads, passes };
}

/** Fields without which a node fails, whatever the others are. */
function alwaysRead(node: SyntaxNode): ReadonlySet<EventField> {
  const field = fieldOf(node);
  if (field !== undefined) return new Set([field]);
  if (isHas(node)) return new Set();
  if (node.op === "&&" || node.op === "||") {
    // One side may decide without the other.
    const right = alwaysRead(node.args[1]!);
    return new Set([...alwaysRead(node.args[0]!)].filter((one) => right.has(one)));
  }
  if (node.op === "?:") {
    const right = alwaysRead(node.args[2]!);
    const shared = [...alwaysRead(node.args[1]!)].filter((one) => right.has(one));
    return new Set([...alwaysRead(node.args[0]!), ...shared]);
  }
  // The predicate of a comprehension runs for elements, and there may be none.
  const parts = node.op === "rcall" && isComprehension(node.args[0]) ? [node.args[1]] : partsOf(node);
  const found = new Set<EventField>();
  for (const part of parts) for (const one of alwaysRead(part)) found.add(one);
  return found;
}

function both(left: FieldAlternatives, right: FieldAlternatives): FieldAlternatives {
  if (left.length * right.length > maxAlternatives) return anything;
  return left.flatMap((one) => right.map((other) => [...new Set([...one, ...other])]));
}

function oneOf(left: FieldAlternatives, right: FieldAlternatives): FieldAlternatives {
  return left.length + right.length > maxAlternatives ? anything : [...left, ...right];
}

function fieldOf(node: SyntaxNode): EventField | undefined {
  if (node.op !== ".") return undefined;
  const [from, name] = node.args;
  const isField = from.op === "id" && from.args === "event" && Object.hasOwn(eventFieldTypes, name);
  return isField ? (name as EventField) : undefined;
}

function isHas(node: SyntaxNode): boolean {
  return node.op === "call" && node.args[0] === "has";
}

function isComprehension(name: string): boolean {
  return ["all", "exists", "exists_one", "filter", "map"].includes(name);
}

/** Everything that stands below a node, as written. @internal */
export function partsOf(node: SyntaxNode): readonly SyntaxNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case "!_":
    case "-_":
      return [node.args];
    case ".":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    default:
      return node.args;
  }
}
