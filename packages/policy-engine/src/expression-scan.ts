import { celFunctionName, type CelFunctions } from "./cel-functions.ts";
import type { PolicyEngineErrorCode } from "./errors.ts";
import { eventFieldTypes, type EventField } from "./event-fields.ts";
import { partsOf } from "./required-fields.ts";
import { compileSimplePattern } from "./simple-pattern.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/** A finding before its position is turned into line and column. @internal */
export interface Finding {
  readonly code: PolicyEngineErrorCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** What the scan compares an expression with. @internal */
export interface ScanScope {
  readonly functions: CelFunctions;
  /** Fields that the event type's source fills; undefined: not checked. */
  readonly fields: readonly EventField[] | undefined;
  readonly maxComprehensionDepth: number;
}

const comprehensions = new Set(["all", "exists", "exists_one", "filter", "map"]);

/**
 * Finds what type-checking cannot know: functions without an implementation, fields without a source, comprehensions nested too
 * deep, and `matches`.
 *
 * Reads the tree as written: macros keep their arguments beside their expansion.
 *
 * @internal
 */
export function scanExpression(root: SyntaxNode, scope: ScanScope): Finding[] {
  const findings: Finding[] = [];
  scan(root, scope, 0, findings);
  return findings;
}

function scan(node: SyntaxNode, scope: ScanScope, depth: number, findings: Finding[]): void {
  switch (node.op) {
    case "value":
    case "id":
      return;
    case "call":
      // has(event.field) asks whether there is a value: asking is always permitted.
      if (node.args[0] === "has") return;
      for (const argument of node.args[1]) scan(argument, scope, depth, findings);
      return;
    case "rcall":
      scanMethod(node, node.args[0], node.args[1], node.args[2], scope, depth, findings);
      return;
    case ".":
      if (isVariable(node.args[0], "event")) checkField(node, node.args[1], scope, findings);
      scan(node.args[0], scope, depth, findings);
      return;
    case "!_":
    case "-_":
      scan(node.args, scope, depth, findings);
      return;
    case "map":
      for (const [key, value] of node.args) {
        scan(key, scope, depth, findings);
        scan(value, scope, depth, findings);
      }
      return;
    default:
      for (const part of node.args) scan(part, scope, depth, findings);
  }
}

function scanMethod(
  node: SyntaxNode,
  name: string,
  receiver: SyntaxNode,
  args: readonly SyntaxNode[],
  scope: ScanScope,
  depth: number,
  findings: Finding[],
): void {
  if (receiver.op === "id") {
    const fullName = `${receiver.args}.${name}`;
    const declared = celFunctionName(fullName);
    if (declared !== undefined && scope.functions[declared] === undefined) {
      findings.push(unavailable(node, `function ${fullName}`));
    }
  }
  if (name === "matches") checkPattern(node, args[0], findings);
  let inner = depth;
  if (comprehensions.has(name)) {
    inner++;
    if (inner === scope.maxComprehensionDepth + 1) {
      findings.push({
        code: "KINGLET_ERR_POLICY_ENGINE_LIMIT",
        message: `${name}() is nested more than ${scope.maxComprehensionDepth} deep`,
        start: node.start,
        end: node.end,
      });
    }
  }
  scan(receiver, scope, depth, findings);
  for (const argument of args) scan(argument, scope, inner, findings);
}

/** The library's own `matches` has no bound on its running time; ours understands what a walk over the text decides. */
function checkPattern(node: SyntaxNode, pattern: SyntaxNode | undefined, findings: Finding[]): void {
  const isLiteral = pattern?.op === "value" && typeof pattern.args === "string";
  if (isLiteral && compileSimplePattern(pattern.args) !== undefined) return;
  findings.push(
    unavailable(node, "matches() with a pattern that is no literal or has more than characters, classes, *, + and ?"),
  );
}

/** True when the expression calls `matches()` anywhere. @internal */
export function callsMatches(node: SyntaxNode): boolean {
  if (node.op === "rcall" && node.args[0] === "matches") return true;
  return partsOf(node).some(callsMatches);
}

function checkField(node: SyntaxNode, field: string, scope: ScanScope, findings: Finding[]): void {
  if (scope.fields === undefined || !Object.hasOwn(eventFieldTypes, field)) return;
  if (!scope.fields.includes(field as EventField)) findings.push(unavailable(node, `field event.${field}`));
}

function unavailable(node: SyntaxNode, name: string): Finding {
  return {
    code: "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE",
    message: `${name} is not available in this build of the sensor`,
    start: node.start,
    end: node.end,
  };
}

function isVariable(node: SyntaxNode, name: string): boolean {
  return node.op === "id" && node.args === name;
}
