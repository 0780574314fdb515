import { describe, expect, it } from "vitest";

import type { CallStackNode, IdentifiedCallStack } from "../call-stack.ts";
import { CallStackIndex, type CallStackTreeNode } from "./call-stack-index.ts";

/** `file:line` texts and nested lists of children. */
type Tree = readonly [frame: string, ...children: Tree[]];

function node([frame, ...children]: Tree): CallStackNode {
  const [fileID = "", lineno = ""] = frame.split(":");
  return { frame: { fileID, lineno, frameType: 0 }, children: children.map(node) };
}

const stack = (callID: string, root: Tree): IdentifiedCallStack => ({ callID, callStack: { root: node(root) } });
const text = (item: { readonly fileID: string; readonly lineno: string }): string => `${item.fileID}:${item.lineno}`;
const pathsOf = (index: CallStackIndex, id: string): string[] =>
  index.paths(id).map((path) => path.map(text).join("/"));

function upFrom(leaf: CallStackTreeNode | undefined): string[] {
  const frames: string[] = [];
  for (let at = leaf; at !== undefined; at = at.parent) frames.push(text(at.frame));
  return frames;
}

describe("CallStackIndex", () => {
  it("keeps one chain for what two paths share and branches where they differ [node-agent CallStack Branching]", () => {
    const shared = (leaf: string): Tree => ["", ["1:1", ["2:2", ["2918313636494991837:867979", [leaf]]]]];
    const index = new CallStackIndex([stack("r1", shared("4:1")), stack("r1", shared("5:1"))]);
    expect(pathsOf(index, "r1")).toEqual([
      "1:1/2:2/2918313636494991837:867979/4:1",
      "1:1/2:2/2918313636494991837:867979/5:1",
    ]);
    const branch = index.roots("r1")[0]?.children[0]?.children[0];
    expect(branch?.frame.fileID).toBe("2918313636494991837");
    expect(branch?.children.map((child) => text(child.frame))).toEqual(["4:1", "5:1"]);
  });

  it("makes one path and a chain of single children of a linear stack [node-agent CallStack Basic]", () => {
    const index = new CallStackIndex([stack("r1", ["", ["1:1", ["2:1", ["3:1"]]]])]);
    expect(pathsOf(index, "r1")).toEqual(["1:1/2:1/3:1"]);
    expect(index.callIds).toEqual(["r1"]);
    expect(index.roots("r1")[0]?.children[0]?.children[0]?.children).toEqual([]);
  });

  it("keeps a last frame without a file and leads back to the root [node-agent CallStack WithSpecialFrame]", () => {
    const index = new CallStackIndex([stack("r1", ["1:1", ["2:2", ["0:4012"]]])]);
    expect(pathsOf(index, "r1")).toEqual(["1:1/2:2/0:4012"]);
    expect(upFrom(index.roots("r1")[0]?.children[0]?.children[0])).toEqual(["0:4012", "2:2", "1:1"]);
  });

  it("adds nothing for an empty stack [node-agent CallStack Empty]", () => {
    const index = new CallStackIndex([stack("r1", [""])]);
    expect(index.paths("r1")).toEqual([]);
    expect(index.roots("r1")).toEqual([]);
    expect(index.callIds).toEqual([]);
    expect(index.roots("unknown")).toEqual([]);
  });

  it("keeps the trees of two ids apart [node-agent CallStack MultipleCallIDs]", () => {
    const index = new CallStackIndex([stack("r1", ["1:1", ["2:2"]]), stack("r2", ["1:1", ["3:3"]])]);
    expect(index.roots("r1")[0]).not.toBe(index.roots("r2")[0]);
    expect(pathsOf(index, "r1")).toEqual(["1:1/2:2"]);
    expect(pathsOf(index, "r2")).toEqual(["1:1/3:3"]);
  });

  it("gives each top frame a tree of its own, so that every frame leads up to its own top [cache W15]", () => {
    const index = new CallStackIndex([stack("r1", ["", ["1:1", ["9:9"]], ["2:2", ["9:9", ["8:8"]]]])]);
    const tops = index.roots("r1");
    expect(tops.map((top) => text(top.frame))).toEqual(["1:1", "2:2"]);
    expect(tops.every((top) => top.parent === undefined)).toBe(true);
    expect(upFrom(tops[0]?.children[0])).toEqual(["9:9", "1:1"]);
    expect(upFrom(tops[1]?.children[0]?.children[0])).toEqual(["8:8", "9:9", "2:2"]);
    expect(index.has("r1", [node(["1:1"]).frame, node(["8:8"]).frame])).toBe(false);
  });

  it("says whether frames are one whole path, also where a longer one goes on", () => {
    const index = new CallStackIndex([stack("r1", ["1:1", ["2:2"]]), stack("r1", ["1:1", ["2:2", ["3:3"]]])]);
    const frames = ["1:1", "2:2", "3:3"].map((frame) => node([frame]).frame);
    expect(index.has("r1", frames)).toBe(true);
    expect(index.has("r1", frames.slice(0, 2))).toBe(true);
    expect(index.has("r1", frames.slice(0, 1))).toBe(false);
    expect(index.has("r1", [])).toBe(false);
    expect(index.has("r2", frames)).toBe(false);
    expect(pathsOf(index, "r1")).toEqual(["1:1/2:2", "1:1/2:2/3:3"]);
  });
});
