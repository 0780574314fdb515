import type { ExpressionType } from "./cel-engine.ts";
import type { Finding } from "./expression-scan.ts";
import { checkableParts, type SyntaxNode } from "./syntax-node.ts";

/** The library's type checker, as far as it is needed. @internal */
export interface TypeCheckProbe {
  /** Name of the type of a node; throws what is wrong with it. */
  typeOf(node: SyntaxNode): string;
  toFinding(error: unknown): Finding;
}

/**
 * Type-checks a tree and reports every independent problem: the library stops at the first one, so the parts of a node that
 * fails are checked one by one, and a node's own problem counts only when its parts are sound.
 *
 * Cost: a failing node is checked once per level above it; both numbers are bounded by the engine's limits.
 *
 * @internal
 */
export function collectTypeFindings(root: SyntaxNode, expectedType: ExpressionType, probe: TypeCheckProbe): Finding[] {
  const findings: Finding[] = [];
  const type = collect(root, probe, findings);
  if (type !== undefined && type !== expectedType) {
    findings.push({
      code: "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION",
      message: `the expression yields ${type}, ${expectedType} is needed`,
      start: root.start,
      end: root.end,
    });
  }
  return findings;
}

function collect(node: SyntaxNode, probe: TypeCheckProbe, findings: Finding[]): string | undefined {
  try {
    return probe.typeOf(node);
  } catch (error) {
    const before = findings.length;
    for (const part of checkableParts(node)) collect(part, probe, findings);
    if (findings.length === before) findings.push(probe.toFinding(error));
    return undefined;
  }
}
