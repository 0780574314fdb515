import type { CallStackFrame, CallStackNode, IdentifiedCallStack } from "../call-stack.ts";

/** One frame of the tree of an id; frames that several stacks share from the start exist once. @public */
export interface CallStackTreeNode {
  readonly frame: CallStackFrame;
  /** The frame that called this one; `undefined` at the top. */
  readonly parent: CallStackTreeNode | undefined;
  readonly children: readonly CallStackTreeNode[];
}

/**
 * Finds the allowed call stacks of a profile by their id.
 *
 * A path is the frames from the top of a stack to one leaf. A root whose frame is empty (file id and line number both empty) is
 * no frame: its children are tops of their own, so one id may have several trees. Stacks of one id that occur more than once in the
 * list are united.
 *
 * The list is kept, not copied, and must not change; an id's trees are built when it is asked for.
 *
 * @see reference: kubescape/node-agent, `pkg/objectcache/callstackcache`
 *
 * @public
 */
export class CallStackIndex {
  readonly #stacks: readonly IdentifiedCallStack[];
  readonly #trees: Map<string, readonly CallStackTreeNode[]> = new Map();
  #ids: ReadonlyMap<string, readonly number[]> | undefined = undefined;

  constructor(stacks: readonly IdentifiedCallStack[]) {
    this.#stacks = stacks;
  }

  /** Ids that have at least one path, in the order of the list. */
  get callIds(): readonly string[] {
    return [...this.#positions().keys()].filter((id) => this.roots(id).length > 0);
  }

  /** The trees of an id, one for each distinct top frame; empty when the id is unknown or has no frame. */
  roots(callId: string): readonly CallStackTreeNode[] {
    const known = this.#trees.get(callId);
    if (known !== undefined) return known;
    const positions = this.#positions().get(callId);
    if (positions === undefined) return noNodes;
    const roots: MutableNode[] = [];
    for (const position of positions) addStack(roots, this.#stacks[position]!.callStack.root);
    this.#trees.set(callId, roots);
    return roots;
  }

  /** Every path of an id, from the top down. */
  paths(callId: string): readonly (readonly CallStackFrame[])[] {
    const paths: (readonly CallStackFrame[])[] = [];
    collectPaths(this.roots(callId), [], paths);
    return paths;
  }

  /** True when these frames, from the top down, are one whole path of the id. File id and line number count, the kind does not. */
  has(callId: string, frames: readonly Pick<CallStackFrame, "fileID" | "lineno">[]): boolean {
    let level = this.roots(callId);
    for (let at = 0; at < frames.length; at += 1) {
      const node = findFrame(level, frames[at]!);
      if (node === undefined) return false;
      if (at === frames.length - 1) return node.children.length === 0 || (node as MutableNode).isEnd;
      level = node.children;
    }
    return false;
  }

  #positions(): ReadonlyMap<string, readonly number[]> {
    if (this.#ids !== undefined) return this.#ids;
    const ids = new Map<string, number[]>();
    for (let position = 0; position < this.#stacks.length; position += 1) {
      const { callID } = this.#stacks[position]!;
      const known = ids.get(callID);
      if (known === undefined) ids.set(callID, [position]);
      else known.push(position);
    }
    this.#ids = ids;
    return ids;
  }
}

const noNodes: readonly CallStackTreeNode[] = [];

interface MutableNode extends CallStackTreeNode {
  readonly parent: MutableNode | undefined;
  readonly children: MutableNode[];
  /** A path ends here although others go on. */
  isEnd: boolean;
}

function addStack(roots: MutableNode[], root: CallStackNode): void {
  if (root.frame.fileID !== "" || root.frame.lineno !== "") return addNode(roots, root, undefined);
  for (const child of root.children) addNode(roots, child, undefined);
}

function addNode(level: MutableNode[], item: CallStackNode, parent: MutableNode | undefined): void {
  let node = findFrame(level, item.frame) as MutableNode | undefined;
  if (node === undefined) {
    node = { frame: item.frame, parent, children: [], isEnd: false };
    level.push(node);
  }
  if (item.children.length === 0) node.isEnd = true;
  for (const child of item.children) addNode(node.children, child, node);
}

function findFrame(
  level: readonly CallStackTreeNode[],
  frame: Pick<CallStackFrame, "fileID" | "lineno">,
): CallStackTreeNode | undefined {
  for (const node of level) {
    if (node.frame.lineno === frame.lineno && node.frame.fileID === frame.fileID) return node;
  }
  return undefined;
}

function collectPaths(
  level: readonly CallStackTreeNode[],
  above: readonly CallStackFrame[],
  paths: (readonly CallStackFrame[])[],
): void {
  for (const node of level) {
    const path = [...above, node.frame];
    if (node.children.length === 0 || (node as MutableNode).isEnd) paths.push(path);
    collectPaths(node.children, path, paths);
  }
}
