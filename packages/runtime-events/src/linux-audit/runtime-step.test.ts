import { describe, expect, it } from "vitest";
import type { KnownProcess } from "./known-process.ts";
import { isRuntimeCall, isRuntimeStep } from "./runtime-step.ts";

const runc: KnownProcess = {
  pid: 1,
  parentPid: 0,
  startedAtMs: 0,
  containerId: "",
  binary: "/usr/bin/runc",
  args: "create",
  execId: "seen",
  isRuntimeStage: false,
  checkedAtMs: 0,
};
const argv = ["runc", "init"];
const stage = { execId: "e1", isRuntimeStage: true, binary: "/proc/self/exe" };

describe("isRuntimeStep", () => {
  it("knows the first step, and the copy that follows on it [linux-audit runtime steps]", () => {
    expect(isRuntimeStep(argv, "/usr/bin/runc", undefined, runc)).toBe(true);
    expect(isRuntimeStep(argv, "/memfd:runc_cloned:/proc/self/exe (deleted)", stage, runc)).toBe(true);
  });

  it("is never what an exec from outside runs, whatever its name: that comes after the steps of its process [linux-audit runtime steps]", () => {
    expect(isRuntimeStep(argv, "/usr/bin/runc", stage, runc)).toBe(false);
    expect(isRuntimeStep(argv, "/tmp/runc", stage, runc)).toBe(false);
    const copied = { ...stage, binary: "/memfd:runc_cloned:/proc/self/exe" };
    expect(isRuntimeStep(argv, "/memfd:runc_cloned:/x", copied, runc)).toBe(false);
  });

  it("is nothing that a process inside a container starts", () => {
    expect(isRuntimeStep(argv, "/usr/bin/runc", undefined, { ...runc, containerId: "1".repeat(64) })).toBe(false);
  });

  it("is nothing that is unclear", () => {
    expect(isRuntimeStep(argv, "/usr/bin/runc", undefined, undefined)).toBe(false);
    expect(isRuntimeStep(argv, "/usr/bin/runc", undefined, { ...runc, execId: "" })).toBe(false);
    expect(isRuntimeStep(argv, "/usr/bin/runc", undefined, { ...runc, binary: "/bin/bash" })).toBe(false);
    expect(isRuntimeStep(["runc", "init", "x"], "/usr/bin/runc", undefined, runc)).toBe(false);
    expect(isRuntimeStep(argv, "/bin/init", undefined, runc)).toBe(false);
  });
});

describe("isRuntimeCall", () => {
  it("is the runtime's only while the process has its file: a missed execution hides nothing [linux-audit runtime calls]", () => {
    expect(isRuntimeCall({ isRuntimeStage: true }, "/usr/bin/crun")).toBe(true);
    expect(isRuntimeCall({ isRuntimeStage: true }, "/memfd:runc_cloned:/proc/self/exe (deleted)")).toBe(true);
    expect(isRuntimeCall({ isRuntimeStage: true }, "/bin/unshare")).toBe(false);
    expect(isRuntimeCall({ isRuntimeStage: false }, "/usr/bin/runc")).toBe(false);
  });
});
