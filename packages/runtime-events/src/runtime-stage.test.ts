import { describe, expect, it } from "vitest";
import { hasWord, isRuntimeStage } from "./runtime-stage.ts";

const docker = "a".repeat(31);
const hostMount = { mnt: { inum: 4026531841, is_host: true } };
const ownMount = { mnt: { inum: 4026532415 } };
const stage = {
  pid: 1793,
  binary: "/dev/fd/6",
  arguments: "init",
  flags: "execve",
  docker,
  in_init_tree: false,
  ns: hostMount,
};
const outside = { pid: 1793, binary: "/proc/self/exe", arguments: "init", flags: "execve clone" };
const { ns: _ns, ...stageWithoutNamespaces } = stage;

describe("isRuntimeStage", () => {
  it("is true for the runtime's own steps into the container", () => {
    expect(isRuntimeStage(stage, outside, false)).toBe(true);
    expect(isRuntimeStage({ ...stage, binary: "/memfd:runc_cloned:/proc/self/exe" }, outside, false)).toBe(true);
    const first = { ...stage, binary: "/proc/self/exe", flags: "execve clone", pid: 5 };
    expect(isRuntimeStage(first, { pid: 4, binary: "/usr/sbin/runc", arguments: "create" }, false)).toBe(true);
    expect(isRuntimeStage(stageWithoutNamespaces, outside, true)).toBe(true);
    expect(isRuntimeStage({ ...stage, docker: "", pod: { name: "web" } }, outside, false)).toBe(true);
  });

  it.each([
    ["other arguments", { ...stage, arguments: "init 1" }, outside],
    ["a file of the container", { ...stage, binary: "/tmp/init" }, outside],
    ["no container", { ...stage, docker: "" }, outside],
    ["the container's init tree", { ...stage, in_init_tree: true }, outside],
    ["the container's mount namespace", { ...stage, ns: ownMount }, outside],
    ["a parent inside the container", stage, { ...outside, docker }],
    ["a parent inside a pod", stage, { ...outside, pod: { name: "web" } }],
    ["no parent", stage, undefined],
    ["a parent of another name", stage, { ...outside, binary: "/bin/sh" }],
    ["a new process", { ...stage, flags: "execve clone" }, outside],
    ["another process", { ...stage, pid: 9 }, outside],
    [
      "a container started as the stage, whose parent is the shim",
      { ...stage, flags: "execve clone", ns: ownMount },
      { pid: 1, binary: "/usr/bin/containerd-shim-runc-v2", arguments: "-namespace" },
    ],
    [
      "an exec of the stage's name, whose parent is the runtime",
      { ...stage, binary: "/proc/self/exe", flags: "execve clone", ns: ownMount },
      { pid: 1, binary: "/usr/sbin/runc", arguments: "exec" },
    ],
  ])("is false with %s", (_what, process, parent) => {
    expect(isRuntimeStage(process, parent, true)).toBe(false);
  });

  it("is false without namespaces while the stream has not shown that it reports containers of parents", () => {
    expect(isRuntimeStage(stageWithoutNamespaces, outside, false)).toBe(false);
    const first = { ...stageWithoutNamespaces, binary: "/proc/self/exe", flags: "execve clone", pid: 5 };
    expect(isRuntimeStage(first, { pid: 4, binary: "/usr/sbin/runc", arguments: "exec" }, true)).toBe(false);
  });
});

describe("hasWord", () => {
  it("finds whole words only", () => {
    expect(hasWord("execve rootcwd clone", "clone")).toBe(true);
    expect(hasWord("clone", "clone")).toBe(true);
    expect(hasWord("cloned clone2", "clone")).toBe(false);
    expect(hasWord("xclone clone", "clone")).toBe(true);
    expect(hasWord("", "clone")).toBe(false);
  });
});
