import type { Predicate } from "../matching/criterion-matcher.ts";
import { scanOf, configOf } from "../matching/image-facts.ts";
import type { Level, LevelElements } from "../matching/level.ts";
import type { ImageComponent } from "../workload/image-metadata.ts";
import type { Workload, WorkloadContainer, WorkloadPort } from "../workload/workload.ts";
import { needBit, type Evaluation } from "./evaluation.ts";
import type { ServiceExposure } from "./evaluation-subject.ts";
import { isFalse, isTrue, isUnknown, type Truth } from "./truth.ts";

/** One group of a section, compiled. @internal */
export interface SectionTest {
  readonly test: Predicate<never>;
  readonly describe: (element: never, evaluation: Evaluation) => string;
}

/**
 * A level of a section: the groups that look at its elements, and the levels below. It holds of an element when all its groups do
 * and, for each level below, some element under it satisfies that level — which is what links groups: two groups at the same
 * level always meet the same element.
 *
 * @internal
 */
export interface SectionNode {
  readonly level: Level;
  /** Those that need nothing beyond the object first. */
  readonly tests: readonly SectionTest[];
  /** `event` first: it is the cheapest and usually decides. */
  readonly children: readonly SectionNode[];
}

/** What is done with the elements below that satisfy a node; called with each when collecting violations. @internal */
export type Visit = (node: SectionNode, element: LevelElements[Level]) => void;

/**
 * Whether a node holds of an element. The path of every evaluation: plain loops, no allocation.
 *
 * @internal
 */
export function testNode(node: SectionNode, element: LevelElements[Level], evaluation: Evaluation): Truth {
  let truth: Truth = isTrue;
  const { tests, children } = node;
  for (let index = 0; index < tests.length; index++) {
    const result = (tests[index] as SectionTest).test(element as never, evaluation);
    if (result === isFalse) return isFalse;
    if (result < truth) truth = result;
  }
  for (let index = 0; index < children.length; index++) {
    const result = testBelow(children[index] as SectionNode, element, evaluation, undefined);
    if (result === isFalse) return isFalse;
    if (result < truth) truth = result;
  }
  return truth;
}

/**
 * Whether some element below `parent` satisfies the node. Without `visit` it stops at the first; with it every satisfying element
 * is visited.
 *
 * @internal
 */
export function testBelow(
  node: SectionNode,
  parent: LevelElements[Level],
  evaluation: Evaluation,
  visit: Visit | undefined,
): Truth {
  switch (node.level) {
    case "event":
      return testEvent(node, evaluation, visit);
    case "container":
      return testContainers(node, parent as Workload, evaluation, visit);
    case "port":
      return testPorts(node, parent as Workload, evaluation, visit);
    case "exposure":
      return testExposures(node, parent as WorkloadPort, evaluation, visit);
    case "variable":
      return testEach(node, (parent as WorkloadContainer).environment, evaluation, visit);
    case "volume":
      return testEach(node, (parent as WorkloadContainer).volumes, evaluation, visit);
    case "layer": {
      const config = configOf(parent as WorkloadContainer, evaluation);
      return config === undefined ? isUnknown : testEach(node, config.layers, evaluation, visit);
    }
    case "component": {
      const scan = scanOf(parent as WorkloadContainer, evaluation);
      if (scan === undefined) return isUnknown;
      return scan === null ? isFalse : testComponents(node, scan.components, evaluation, visit);
    }
    case "vulnerability":
      return testEach(node, (parent as ImageComponent).vulnerabilities, evaluation, visit);
    default:
      // The workload is below nothing.
      return isFalse;
  }
}

function testEvent(node: SectionNode, evaluation: Evaluation, visit: Visit | undefined): Truth {
  const { event } = evaluation;
  if (event === undefined) return isFalse;
  const result = testNode(node, event, evaluation);
  if (result === isTrue) visit?.(node, event);
  return result;
}

function testEach(
  node: SectionNode,
  elements: readonly LevelElements[Level][],
  evaluation: Evaluation,
  visit: Visit | undefined,
): Truth {
  let best: Truth = isFalse;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] as LevelElements[Level];
    const result = testNode(node, element, evaluation);
    if (result > best) best = result;
    if (result !== isTrue) continue;
    if (visit === undefined) return isTrue;
    visit(node, element);
  }
  return best;
}

function testContainers(
  node: SectionNode,
  workload: Workload,
  evaluation: Evaluation,
  visit: Visit | undefined,
): Truth {
  const { containers } = workload;
  let best: Truth = isFalse;
  let isFound = evaluation.eventContainer === "";
  for (let index = 0; index < containers.length; index++) {
    const container = containers[index] as WorkloadContainer;
    if (evaluation.eventContainer !== "" && container.name !== evaluation.eventContainer) continue;
    isFound = true;
    if (container.type !== "EPHEMERAL" && evaluation.skipped.includes(container.type)) continue;
    evaluation.container = container;
    const result = testNode(node, container, evaluation);
    if (result > best) best = result;
    if (result !== isTrue) continue;
    if (visit === undefined) return isTrue;
    visit(node, container);
  }
  if (isFound) return best;
  // A container that was added to the pod later (a side-car, an ephemeral one): nothing is known about its specification.
  evaluation.missing |= needBit.container;
  return isUnknown;
}

function testPorts(node: SectionNode, workload: Workload, evaluation: Evaluation, visit: Visit | undefined): Truth {
  const { ports } = workload;
  let best: Truth = isFalse;
  for (let index = 0; index < ports.length; index++) {
    const result = testPort(node, ports[index] as WorkloadPort, evaluation, visit);
    if (result === isTrue && visit === undefined) return isTrue;
    if (result > best) best = result;
  }
  // Only criteria about exposure look at services.
  if (node.children.length === 0) return best;
  const exposures = evaluation.exposures(workload);
  if (exposures === undefined) return best === isTrue ? isTrue : isUnknown;
  for (const exposure of exposures) {
    if (ports.some((port) => isOf(exposure, port))) continue;
    // Containers need not declare their ports: a service may lead to one that none of them names.
    const undeclared = { name: "", port: exposure.port, protocol: exposure.protocol, exposures: [] };
    const result = testPort(node, undeclared, evaluation, visit);
    if (result === isTrue && visit === undefined) return isTrue;
    if (result > best) best = result;
  }
  return best;
}

function testPort(node: SectionNode, port: WorkloadPort, evaluation: Evaluation, visit: Visit | undefined): Truth {
  evaluation.port = port;
  const result = testNode(node, port, evaluation);
  if (result === isTrue) visit?.(node, port);
  return result;
}

/** Host ports are known from the workload; what services add is asked for only when they do not decide. */
function testExposures(node: SectionNode, port: WorkloadPort, evaluation: Evaluation, visit: Visit | undefined): Truth {
  let best = testEach(node, port.exposures, evaluation, visit);
  if (best === isTrue && visit === undefined) return isTrue;
  const exposures = evaluation.workload === undefined ? undefined : evaluation.exposures(evaluation.workload);
  if (exposures === undefined) return best === isTrue ? isTrue : isUnknown;
  for (const exposure of exposures) {
    if (!isOf(exposure, port)) continue;
    const result = testNode(node, exposure, evaluation);
    if (result > best) best = result;
    if (result !== isTrue) continue;
    if (visit === undefined) return isTrue;
    visit(node, exposure);
  }
  return best;
}

function isOf(exposure: ServiceExposure, port: WorkloadPort): boolean {
  return exposure.port === port.port && exposure.protocol === port.protocol;
}

function testComponents(
  node: SectionNode,
  components: readonly ImageComponent[],
  evaluation: Evaluation,
  visit: Visit | undefined,
): Truth {
  let best: Truth = isFalse;
  for (let index = 0; index < components.length; index++) {
    const component = components[index] as ImageComponent;
    evaluation.component = component;
    const result = testNode(node, component, evaluation);
    if (result > best) best = result;
    if (result !== isTrue) continue;
    if (visit === undefined) return isTrue;
    visit(node, component);
  }
  return best;
}
