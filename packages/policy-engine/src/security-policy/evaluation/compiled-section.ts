import { describeEvent } from "../matching/describe-event.ts";
import { parentLevel, type Level } from "../matching/level.ts";
import { needBit, type Evaluation } from "./evaluation.ts";
import type { RuntimePolicyEvent } from "./runtime-event.ts";
import { testBelow, testNode, type SectionNode, type SectionTest, type Visit } from "./section-node.ts";
import { isFalse, isTrue, isUnknown, type Truth } from "./truth.ts";
import type { ViolationList } from "./violation-list.ts";

/** A group on its way into a section. @internal */
export interface LeveledTest extends SectionTest {
  readonly level: Level;
  /** Whether it asks for more than the object. */
  readonly needsMore: boolean;
}

/**
 * A section: all groups hold, linked to the same elements.
 *
 * @internal
 */
export class CompiledSection {
  /** Which events it is about; undefined for a section that looks at no event. */
  readonly eventKind: RuntimePolicyEvent["kind"] | undefined;
  readonly #root: SectionNode;

  constructor(tests: readonly LeveledTest[], eventKind: RuntimePolicyEvent["kind"] | undefined) {
    this.#root = buildNode("workload", tests);
    this.eventKind = eventKind;
  }

  /** Leaves a trace in `evaluation.missing` only when the result is unknown. */
  test(evaluation: Evaluation): Truth {
    // A section about events says nothing about a workload at rest, nor about events of another kind. One that looks at no event
    // holds or not whenever its policy is evaluated.
    if (this.eventKind !== undefined && this.eventKind !== evaluation.event?.kind) return isFalse;
    const missing = evaluation.missing;
    const truth = this.#testRoot(evaluation);
    if (truth !== isUnknown) evaluation.missing = missing;
    return truth;
  }

  /** Adds a line for each element that makes the section hold; only after {@link test} said that it does. */
  collect(evaluation: Evaluation, violations: ViolationList): void {
    const visit: Visit = (node, element) => {
      if (node.level === "event") violations.add(describeEvent(element as RuntimePolicyEvent));
      else {
        for (const test of node.tests) {
          const message = test.describe(element as never, evaluation);
          violations.add({ kind: "generic", message, attributes: [] });
        }
      }
      for (const child of node.children) testBelow(child, element, evaluation, visit);
    };
    const { workload } = evaluation;
    if (workload !== undefined) visit(this.#root, workload);
    else for (const child of this.#root.children) testBelow(child, undefined as never, evaluation, visit);
  }

  #testRoot(evaluation: Evaluation): Truth {
    const { workload } = evaluation;
    if (workload !== undefined) return testNode(this.#root, workload, evaluation);
    const { tests, children } = this.#root;
    const needsWorkload = tests.length > 0 || children.some((child) => child.level !== "event");
    const first = children[0];
    const ofEvent = first?.level === "event" ? testBelow(first, undefined as never, evaluation, undefined) : isTrue;
    if (!needsWorkload || ofEvent === isFalse) return ofEvent;
    evaluation.missing |= needBit.workload;
    return isUnknown;
  }
}

function buildNode(level: Level, tests: readonly LeveledTest[]): SectionNode {
  const own = tests.filter((test) => test.level === level);
  const ordered = [...own.filter((test) => !test.needsMore), ...own.filter((test) => test.needsMore)];
  const children: SectionNode[] = [];
  for (const below of levelsBelow(level)) {
    const within = tests.filter((test) => isWithin(test.level, below));
    if (within.length > 0) children.push(buildNode(below, within));
  }
  return {
    level,
    tests: ordered.length === 0 ? none : ordered.map(({ test, describe }) => ({ test, describe })),
    children: children.length === 0 ? none : children,
  };
}

/** One empty list for all nodes. */
const none: readonly never[] = [];

/** Cheap levels first: they often decide before images are asked for. */
const allLevels: readonly Exclude<Level, "workload">[] = [
  "event",
  "port",
  "container",
  "variable",
  "volume",
  "exposure",
  "layer",
  "component",
  "vulnerability",
];

function levelsBelow(level: Level): readonly Exclude<Level, "workload">[] {
  return allLevels.filter((below) => parentLevel[below] === level);
}

function isWithin(level: Level, ancestor: Level): boolean {
  let at: Level = level;
  while (at !== ancestor) {
    if (at === "workload") return false;
    at = parentLevel[at];
  }
  return true;
}
