import { Environment } from "@marcbachmann/cel-js";

/** A node of the syntax tree as the CEL library's parser makes it. Macros are calls like any other. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  /** The whole expression. */
  readonly input: string;
  /** Where messages about the node point. */
  readonly pos: number;
  readonly start: number;
  readonly end: number;
}

/** What is wrong with an expression, and where: a position in UTF-16 units. */
export interface CelIssue {
  readonly message: string;
  readonly position: number;
}

/** Bounds of one expression, as the parser keeps them. */
const LIMITS = {
  maxAstNodes: 20_000,
  maxDepth: 200,
  maxListElements: 10_000,
  maxMapEntries: 10_000,
  maxCallArguments: 32,
} as const;

/** Parses expressions; nothing is known of names and types here. */
export class CelParser {
  readonly #environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true, limits: LIMITS });

  /** @returns the tree, or the first syntax error */
  parse(expression: string): { readonly node: CelNode } | { readonly issue: CelIssue } {
    try {
      return { node: this.#environment.parse(expression).ast as unknown as CelNode };
    } catch (error) {
      const fault = error as {
        readonly summary?: unknown;
        readonly message?: unknown;
        readonly range?: { readonly start: number };
      };
      const text = typeof fault.summary === "string" ? fault.summary : String(fault.message ?? error);
      return {
        issue: { message: `Syntax error: ${text.split("\n", 1)[0] ?? text}`, position: fault.range?.start ?? 0 },
      };
    }
  }
}

/** Issues as the API prints them: place, message, and the line with a mark below. */
export function describeIssues(expression: string, issues: readonly CelIssue[]): string {
  return [...issues]
    .sort((left, right) => left.position - right.position)
    .map((issue) => {
      const before = expression.slice(0, issue.position);
      const lineStart = before.lastIndexOf("\n") + 1;
      const line = expression.slice(lineStart).split("\n", 1)[0] ?? "";
      const column = before.length - lineStart;
      const place = `<input>:${before.split("\n").length}:${column + 1}`;
      return `ERROR: ${place}: ${issue.message}\n | ${line}\n | ${".".repeat(column)}^`;
    })
    .join("\n");
}
