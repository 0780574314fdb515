import { describe, expect, it } from "vitest";
import { FakeProcesses } from "../../test/audit-log-fixture.ts";
import { ProcessTree, type LocatedBy } from "./process-tree.ts";

const one = "1".repeat(64);
const two = "2".repeat(64);

function open(maxProcesses = 1000): { tree: ProcessTree; processes: FakeProcesses; found: LocatedBy[] } {
  const processes = new FakeProcesses();
  const found: LocatedBy[] = [];
  return {
    tree: new ProcessTree({ reader: processes, maxProcesses, onLocated: (by) => found.push(by) }),
    processes,
    found,
  };
}

describe("ProcessTree", () => {
  it("asks the system first [linux-audit containers]", () => {
    const { tree, processes, found } = open();
    processes.add(10, one);
    expect(tree.locate(10, 1, 0, 0, true).containerId).toBe(one);
    processes.add(10, two);
    expect(tree.locate(10, 1, 0, 0, true).containerId).toBe(two);
    expect(found).toEqual(["process", "process"]);
  });

  it("takes the parent's container for a process that is gone, also over several generations [linux-audit containers]", () => {
    const { tree, processes, found } = open();
    processes.add(10, one);
    tree.seed(0);
    processes.states.clear();
    expect(tree.locate(11, 10, 0, 0, true).containerId).toBe(one);
    expect(tree.locate(12, 11, 0, 0, true).containerId).toBe(one);
    expect(found).toEqual(["parent", "parent"]);
  });

  it("remembers what a process was in that executes again after it could be asked", () => {
    const { tree, processes, found } = open();
    processes.add(10, one);
    tree.locate(10, 1, 0, 0, true);
    processes.states.clear();
    expect(tree.locate(10, 1, 5, 5, true).containerId).toBe(one);
    expect(found).toEqual(["process", "tree"]);
  });

  it("is not deceived by another process with the same number [linux-audit containers]", () => {
    const { tree, processes, found } = open();
    processes.add(5, one);
    processes.add(10, two, { startedAtMs: 10_000 });
    expect(tree.locate(10, 5, 1000, 20_000, true).containerId).toBe(one);
    expect(found).toEqual(["parent"]);
    expect(tree.locate(10, 99, 30_000, 30_000, true).containerId).toBe(two);
  });

  it("does not take a known process for its successor with another parent", () => {
    const { tree, processes } = open();
    processes.add(10, one, { parentPid: 1 });
    tree.locate(10, 1, 0, 0, true);
    processes.states.clear();
    processes.add(7, two);
    expect(tree.locate(10, 7, 5, 5, true).containerId).toBe(two);
  });

  it("knows a process again whose parent ended, and what a process runs that only forked", () => {
    const { tree, processes } = open();
    processes.add(10, one, { parentPid: 5, startedAtMs: 500 });
    const process = tree.locate(10, 5, 1000, 1000, true);
    process.binary = "/bin/as-given";
    process.execId = "e";
    processes.add(10, one, { parentPid: 1, startedAtMs: 510 });
    processes.binaries.set(10, "/bin/as-resolved");
    expect(tree.locate(10, 1, 2000, 2000, false)).toMatchObject({ binary: "/bin/as-given", execId: "e" });
    processes.add(11, one, { parentPid: 10, startedAtMs: 600 });
    expect(tree.locate(11, 10, 2000, 2000, false)).toMatchObject({ binary: "/bin/as-given", execId: "" });
    expect(tree.locate(12, 10, 2000, 2000, false)).toMatchObject({ binary: "/bin/as-given", containerId: one });
  });

  it("does not ask again within ten seconds for a process that only opens files", () => {
    const { tree, processes } = open();
    processes.add(10, one);
    tree.locate(10, 1, 0, 0, true);
    const reads = processes.reads;
    for (let at = 0; at < 100; at++) tree.locate(10, 1, at, at, false);
    expect(processes.reads).toBe(reads);
    tree.locate(10, 1, 10_000, 10_000, false);
    expect(processes.reads).toBe(reads + 1);
  });

  it("says that it does not know when the runtime is the parent of a process that is gone", () => {
    const { tree, processes, found } = open();
    processes.add(5);
    processes.binaries.set(5, "/usr/bin/conmon");
    tree.locate(10, 5, 0, 0, true);
    tree.locate(11, 6, 0, 0, true);
    processes.add(7);
    processes.binaries.set(7, "/bin/bash");
    tree.locate(12, 7, 0, 0, true);
    expect(found).toEqual(["none", "none", "parent"]);
  });

  it("knows no more processes than it may [linux-audit bounds]", () => {
    const { tree, processes } = open(16);
    for (let pid = 1; pid <= 100; pid++) processes.add(pid, one);
    tree.seed(0);
    for (let pid = 200; pid < 300; pid++) tree.locate(pid, 100, 0, 0, true);
    expect(tree.size).toBe(16);
  });

  it("asks again for a parent that was heard of long ago: its number may be another process's by now [linux-audit containers]", () => {
    const { tree, processes } = open();
    processes.add(10, one, { startedAtMs: 0, parentPid: 3 });
    tree.locate(10, 3, 0, 0, true);
    processes.add(10, two, { startedAtMs: 60_000, parentPid: 4 });
    expect(tree.locate(11, 10, 100_000, 100_000, true).containerId).toBe(two);
    // One that is gone is what was known of it.
    processes.states.clear();
    expect(tree.locate(12, 10, 200_000, 200_000, true).containerId).toBe(two);
  });
});
