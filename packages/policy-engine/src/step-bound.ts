import { createError } from "@kinglet/errors";

import { policyEngineErrors } from "./errors.ts";
import type { RuleEvent } from "./event-fields.ts";
import type { SyntaxNode } from "./syntax-node.ts";

const comprehensions: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);

/**
 * Bounds the steps of an expression's comprehensions before it runs: the library does not count them, and the lists are as long as a
 * container made them.
 *
 * @internal
 */
export class StepBound {
  readonly #depth: number;
  /** True when the expression makes lists of texts, as long as the texts. */
  readonly #splits: boolean;
  readonly #maxSteps: number;

  constructor(root: SyntaxNode, maxSteps: number) {
    const found = { depth: 0, splits: false };
    measure(root, 0, found);
    this.#depth = found.depth;
    this.#splits = found.splits;
    this.#maxSteps = maxSteps;
  }

  /**
   * Cost: two reads of the event for an expression with a comprehension, nothing for others.
   *
   * @throws KINGLET_ERR_POLICY_ENGINE_COST
   */
  assertWithin(event: RuleEvent): void {
    if (this.#depth === 0) return;
    const { args, flags } = event;
    let longest = Math.max(args?.length ?? 0, flags?.length ?? 0);
    if (this.#splits) longest += longestText(event) + (args ?? []).reduce((sum, text) => sum + text.length, 0);
    const steps = longest ** this.#depth;
    if (steps <= this.#maxSteps) return;
    throw createError(policyEngineErrors, "KINGLET_ERR_POLICY_ENGINE_COST", { cost: steps, limit: this.#maxSteps });
  }
}

function longestText({ path, exepath, cwd, oldPath, newPath, name }: RuleEvent): number {
  return Math.max(...[path, exepath, cwd, oldPath, newPath, name].map((text) => text?.length ?? 0));
}

function measure(node: SyntaxNode, depth: number, found: { depth: number; splits: boolean }): void {
  switch (node.op) {
    case "value":
    case "id":
      return;
    case "!_":
    case "-_":
      measure(node.args, depth, found);
      return;
    case ".":
      measure(node.args[0], depth, found);
      return;
    case "call":
      for (const part of node.args[1]) measure(part, depth, found);
      return;
    case "rcall": {
      const [name, receiver, args] = node.args;
      if (name === "split") found.splits = true;
      const inner = comprehensions.has(name) ? depth + 1 : depth;
      found.depth = Math.max(found.depth, inner);
      measure(receiver, depth, found);
      for (const part of args) measure(part, inner, found);
      return;
    }
    case "map":
      for (const entry of node.args) for (const part of entry) measure(part, depth, found);
      return;
    default:
      for (const part of node.args) measure(part, depth, found);
  }
}
