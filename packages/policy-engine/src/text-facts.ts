import type { ProfilePattern } from "./profile-data.ts";
import { partsOf } from "./required-fields.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/** Variables of the comprehensions around a node: the text that it stands for, or a name for what nobody knows. @internal */
export interface Scope {
  /** Comprehensions around the node. */
  readonly depth: number;
  readonly variables: ReadonlyMap<string, string | { readonly id: string }>;
}

/** Something that is known of an event: an expression that is true or false of it. @internal */
export interface Fact {
  readonly node: SyntaxNode;
  readonly isTrue: boolean;
  readonly scope: Scope;
}

/** Each of them holds: the text is one that some of the patterns let through. */
type Knowledge = readonly (readonly ProfilePattern[])[];

/** More combinations are not told apart: a part of what is known is known, too. */
const maxKnowledge = 8;
const maxPatterns = 256;
const nothing: Knowledge = [];

/** The text that a node always is; undefined: not known before there is an event. @internal */
export function textOf(node: SyntaxNode, scope: Scope): string | undefined {
  if (node.op === "value") return typeof node.args === "string" ? node.args : undefined;
  if (node.op === "id") {
    const known = scope.variables.get(node.args);
    return typeof known === "string" ? known : undefined;
  }
  if (node.op !== "+") return undefined;
  const [left, right] = [textOf(node.args[0]!, scope), textOf(node.args[1]!, scope)];
  return left === undefined || right === undefined ? undefined : left + right;
}

/** Equal for nodes that have one value for one event. @internal */
export function subjectOf(node: SyntaxNode, scope: Scope): string {
  if (node.op === "value") return JSON.stringify([typeof node.args, String(node.args)]);
  if (node.op === "id") {
    const known = scope.variables.get(node.args);
    if (known === undefined) return node.args;
    return typeof known === "string" ? JSON.stringify(["string", known]) : known.id;
  }
  const name = node.op === "." ? node.args[1] : node.op === "call" || node.op === "rcall" ? node.args[0] : "";
  return `(${node.op} ${name} ${partsOf(node)
    .map((part) => subjectOf(part, scope))
    .join(" ")})`;
}

/**
 * What a fact says of a text: lists of patterns, of each of which the text passes one.
 *
 * @param subject - what {@link subjectOf} says of it.
 * @internal
 */
export function findTextFacts(subject: string, { node, isTrue, scope }: Fact): Knowledge {
  const of = (part: SyntaxNode, isPartTrue = isTrue): Knowledge =>
    findTextFacts(subject, { node: part, isTrue: isPartTrue, scope });
  switch (node.op) {
    case "!_":
      return of(node.args, !isTrue);
    case "&&":
    case "||": {
      const [left, right] = [of(node.args[0]!), of(node.args[1]!)];
      return (node.op === "&&") === isTrue ? both(left, right) : oneOf(left, right);
    }
    case "?:":
      // Not what its condition says: asking for both of its values would double the work with every choice inside another.
      return oneOf(of(node.args[1]!), of(node.args[2]!));
    case "value":
      // What cannot be is about no text at all.
      return node.args === !isTrue ? [[]] : nothing;
    case "==":
    case "!=":
      if ((node.op === "==") !== isTrue) return nothing;
      return both(
        equal(subject, node.args[0]!, node.args[1]!, scope),
        equal(subject, node.args[1]!, node.args[0]!, scope),
      );
    case "in":
      return isTrue ? member(subject, node.args[0]!, node.args[1]!, scope) : nothing;
    case "rcall":
      return called(subject, node.args, { node, isTrue, scope });
    default:
      return nothing;
  }
}

function called(
  subject: string,
  [name, receiver, args]: readonly [string, SyntaxNode, readonly SyntaxNode[]],
  { isTrue, scope }: Fact,
): Knowledge {
  const [first, body] = args;
  if (first === undefined) return nothing;
  if ((name === "exists" && isTrue) || (name === "all" && !isTrue)) {
    if (receiver.op !== "list" || first.op !== "id" || body === undefined || receiver.args.length === 0) return nothing;
    if (scope.depth > 0) return nothing;
    const texts = receiver.args.map((element) => textOf(element, scope));
    if (texts.some((text) => text === undefined) || texts.length > maxPatterns) return nothing;
    return (texts as string[])
      .map((text) => {
        const inner = { depth: 1, variables: new Map([[first.args, text]]) };
        return findTextFacts(subject, { node: body, isTrue, scope: inner });
      })
      .reduce(oneOf);
  }
  if (!isTrue || subjectOf(receiver, scope) !== subject) return nothing;
  const text = textOf(first, scope);
  if (text === undefined || text === "") return nothing;
  if (name === "startsWith") return [[{ prefix: text }]];
  // A path is compared without a slash at its end.
  if (text.endsWith("/")) return nothing;
  if (name === "endsWith") return [[{ suffix: text }]];
  return name === "contains" ? [[{ contains: text }]] : nothing;
}

function equal(subject: string, one: SyntaxNode, other: SyntaxNode, scope: Scope): Knowledge {
  const text = textOf(other, scope);
  return text !== undefined && subjectOf(one, scope) === subject ? [exactly(text)] : nothing;
}

function member(subject: string, element: SyntaxNode, list: SyntaxNode, scope: Scope): Knowledge {
  if (list.op !== "list" || list.args.length > maxPatterns || subjectOf(element, scope) !== subject) return nothing;
  const texts = list.args.map((one) => textOf(one, scope));
  if (texts.some((text) => text === undefined)) return nothing;
  return [(texts as string[]).flatMap(exactly)];
}

/** The entries that a text can be. A slash at the end does not count where paths are compared. @internal */
export function exactly(text: string): readonly ProfilePattern[] {
  return text.length > 1 && text.endsWith("/") ? [{ exact: text }, { exact: text.slice(0, -1) }] : [{ exact: text }];
}

function both(left: Knowledge, right: Knowledge): Knowledge {
  return [...left, ...right].slice(0, maxKnowledge);
}

/** Nothing is known of what is one or the other unless something is known of each. */
function oneOf(left: Knowledge, right: Knowledge): Knowledge {
  const all = left.flatMap((one) => right.map((other) => [...one, ...other]));
  return all.filter((patterns) => patterns.length <= maxPatterns).slice(0, maxKnowledge);
}
