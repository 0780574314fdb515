import type { ExpressionType } from "./cel-engine.ts";
import type { Finding } from "./expression-scan.ts";
import { checkableParts, type SyntaxNode } from "./syntax-node.ts";

/** The library's type checker, as far as it is needed. @internal */
export interface TypeCheckProbe {
  /** Name of the type of a node; throws what is wrong with it. */
  typeOf(node: SyntaxNode): string;
  toFinding(error: unknown): Finding;
}

const maxDescent = 48;

/**
 * Type-checks a tree and reports every independent problem: the library stops at the first one, so the parts of a node that
 * fails are checked one by one, and a node's own problem counts only when its parts are sound.
 *
 * Cost: a failing node is checked once per level above it, for {@link maxDescent} levels at most; deeper down, only the first problem
 * is reported. (990 negations of an unknown name, the worst case the limits permit: 330 ms without that bound.)
 *
 * @internal
 */
export function collectTypeFindings(root: SyntaxNode, expectedType: ExpressionType, probe: TypeCheckProbe): Finding[] {
  const findings: Finding[] = [];
  const type = collect(root, probe, findings, 0);
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

function collect(node: SyntaxNode, probe: TypeCheckProbe, findings: Finding[], depth: number): string | undefined {
  try {
    return probe.typeOf(node);
  } catch (error) {
    const before = findings.length;
    if (depth < maxDescent) for (const part of checkableParts(node)) collect(part, probe, findings, depth + 1);
    if (findings.length === before) findings.push(probe.toFinding(error));
    return undefined;
  }
}
