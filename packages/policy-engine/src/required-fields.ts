import { eventFieldTypes, type EventField } from "./event-fields.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/**
 * The fields of `event` that an expression reads without ever asking `has()` about them: an event without one of them cannot be judged by
 * it. Reads the tree as written.
 *
 * @internal
 */
export function requiredFields(root: SyntaxNode): readonly EventField[] {
  const fields: Fields = { read: new Set(), asked: new Set() };
  collect(root, fields, fields.read);
  return [...fields.read].filter(
    (field): field is EventField => Object.hasOwn(eventFieldTypes, field) && !fields.asked.has(field),
  );
}

interface Fields {
  readonly read: Set<string>;
  readonly asked: Set<string>;
}

function collect(node: SyntaxNode, fields: Fields, into: Set<string>): void {
  switch (node.op) {
    case "value":
    case "id":
      return;
    case "!_":
    case "-_":
      collect(node.args, fields, into);
      return;
    case ".":
      if (isEvent(node.args[0])) into.add(node.args[1]);
      else collect(node.args[0], fields, into);
      return;
    case "call":
      for (const part of node.args[1]) collect(part, fields, node.args[0] === "has" ? fields.asked : into);
      return;
    case "rcall":
      collect(node.args[1], fields, into);
      for (const part of node.args[2]) collect(part, fields, into);
      return;
    case "map":
      for (const entry of node.args) for (const part of entry) collect(part, fields, into);
      return;
    default:
      for (const part of node.args) collect(part, fields, into);
  }
}

function isEvent(node: SyntaxNode): boolean {
  return node.op === "id" && node.args === "event";
}
