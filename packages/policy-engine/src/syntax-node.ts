interface SyntaxPosition {
  /** Where an error about the node points. */
  readonly pos: number;
  readonly start: number;
  readonly end: number;
}

interface Leaf extends SyntaxPosition {
  readonly op: "value";
  readonly args: unknown;
}

interface Identifier extends SyntaxPosition {
  readonly op: "id";
  readonly args: string;
}

interface Unary extends SyntaxPosition {
  readonly op: "!_" | "-_";
  readonly args: SyntaxNode;
}

interface Selection extends SyntaxPosition {
  readonly op: ".";
  readonly args: readonly [SyntaxNode, string];
}

interface Call extends SyntaxPosition {
  readonly op: "call";
  readonly args: readonly [string, readonly SyntaxNode[]];
}

interface MethodCall extends SyntaxPosition {
  readonly op: "rcall";
  readonly args: readonly [string, SyntaxNode, readonly SyntaxNode[]];
}

interface MapLiteral extends SyntaxPosition {
  readonly op: "map";
  readonly args: readonly (readonly [SyntaxNode, SyntaxNode])[];
}

interface Operation extends SyntaxPosition {
  readonly op:
    | "?:"
    | "||"
    | "&&"
    | "=="
    | "!="
    | "<"
    | "<="
    | ">"
    | ">="
    | "in"
    | "+"
    | "-"
    | "*"
    | "/"
    | "%"
    | "[]"
    | "list";
  readonly args: readonly SyntaxNode[];
}

/**
 * The part of the library's syntax tree that the scan and the collection of problems read.
 *
 * @internal
 */
export type SyntaxNode = Leaf | Identifier | Unary | Selection | Call | MethodCall | MapLiteral | Operation;

/**
 * The parts of a node that can be type-checked on their own: no arguments of macros, whose variables exist only inside.
 *
 * @internal
 */
export function checkableParts(node: SyntaxNode): readonly SyntaxNode[] {
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
      return isMacro(node) ? [] : node.args[1];
    case "rcall":
      return isMacro(node) ? [node.args[1]] : [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    default:
      return node.args;
  }
}

/** A call that the library replaced while parsing; it notes the replacement on the node. */
function isMacro(node: SyntaxNode): boolean {
  const { meta } = node as unknown as { readonly meta?: { readonly macro?: unknown; readonly alternate?: unknown } };
  return meta?.macro !== undefined || meta?.alternate !== undefined;
}
